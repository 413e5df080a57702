// `gnomon udpst`: UDP capacity (RFC 9097) with the UDP Speed Test Protocol (RFC 9946), as client and as server.

#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "analysis/figure_text.h"
#include "cli/come_again.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/stop_on_signal.h"
#include "cli/terminal.h"
#include "cli/udp_capacity_view.h"
#include "methods/udpst/client.h"
#include "methods/udpst/rate_table.h"
#include "methods/udpst/server.h"
#include "net/file_descriptor.h"
#include "net/resolve.h"

namespace gnomon::cli {
namespace {

using namespace methods::udpst;

constexpr int kNoCapacity = 1;

struct UdpstOptions {
  std::string host, key_file, bind, algorithm = "B";
  bool up = false, down = false, v4 = false, v6 = false, json = false, server = false, traditional_mtu = false;
  int seconds = 10, key_id = -1;
  std::uint16_t port = kControlPort.value;
  std::uint32_t max_mbps = 0;
  int rate_index = -1;
};

class LiveProgress final : public ProgressSink {
 public:
  LiveProgress(const Terminal& terminal, bool json) : terminal_(terminal), json_(json) {}
  void on_trial(BitRate ip_rate) override {
    if (json_ || !terminal_.interactive) return;
    rate_ = ip_rate;
    draw();
  }
  void on_sub_interval(const SubInterval& sub_interval) override {
    if (json_) return;
    if (!terminal_.interactive) {
      fmt::print("{}\n", sub_interval_line(sub_interval, terminal_.utf8));
      std::fflush(stdout);
      return;
    }
    highest_ = std::max(highest_, sub_interval.ip_rate);
    last_ = sub_interval_line(sub_interval, terminal_.utf8);
    draw();
  }

 private:
  void draw() {
    StyledLine now(terminal_);
    now.add(" now ", Style::kDim)
        .add(fmt::format("{:>15}", analysis::rate_text(static_cast<double>(rate_.value))), Style::kBold);
    now.add("   highest second ", Style::kDim).add(analysis::rate_text(static_cast<double>(highest_.value)));
    screen_.draw({now.text(), StyledLine(terminal_).add(last_, Style::kDim).text()});
  }

  Terminal terminal_;
  bool json_;
  LiveBlock screen_;
  BitRate rate_, highest_;
  std::string last_;
};

Result<std::vector<SharedKey>> read_keys(const UdpstOptions& options) {
  if (options.key_file.empty()) return std::vector<SharedKey>{};
  return read_key_file(options.key_file);
}

Result<std::optional<SharedKey>> client_key(const UdpstOptions& options) {
  const auto keys = read_keys(options);
  if (!keys) return tl::unexpected(keys.error());
  if (keys->empty()) return std::optional<SharedKey>{};
  if (options.key_id < 0) return std::optional(keys->front());
  const auto* key = find_key(*keys, static_cast<std::uint8_t>(options.key_id));
  if (key != nullptr) return std::optional(*key);
  return failure(ErrorCode::kInvalidArgument, "use key id", std::to_string(options.key_id),
                 fmt::format("{} does not hold it", options.key_file), "give one of its ids");
}

Result<ClientOptions> client_options(const UdpstOptions& options) {
  ClientOptions out;
  std::optional<Family> family;
  if (options.v4) family = Family::kIpv4;
  if (options.v6) family = Family::kIpv6;
  const auto addresses = net::resolve(options.host, family);
  if (!addresses) return tl::unexpected(addresses.error());
  out.server = {addresses->front(), Port{options.port}};
  out.direction = options.up ? Direction::kUp : Direction::kDown;
  out.duration = std::chrono::seconds(options.seconds);
  auto key = client_key(options);
  if (!key) return tl::unexpected(key.error());
  out.key = *key;
  out.search.algorithm = options.algorithm == "C" ? Algorithm::kC : Algorithm::kB;
  if (options.rate_index >= 0) out.search.rate_index = static_cast<std::uint16_t>(options.rate_index);
  out.profile.traditional_mtu = options.traditional_mtu;
  if (options.max_mbps > 0) {
    out.max_bandwidth_mbps = static_cast<std::uint16_t>(std::min<std::uint32_t>(options.max_mbps, 32'767));
  }
  return out;
}

int run_client(const UdpstOptions& options) {
  auto asked = client_options(options);
  if (!asked) return report(asked.error());
  const StopOnSignal stop;
  asked->cancel = &stop.flag();
  const auto terminal = Terminal::of_stdout();
  const SystemClock clock;
  LiveProgress progress(terminal, options.json);
  if (!options.json) {
    fmt::print("UDP capacity {} {} ({}), {} s\n", options.up ? "to" : "from", options.host,
               net::to_string(asked->server), options.seconds);
    std::fflush(stdout);
  }
  auto result = measure(*asked, clock, &progress);
  for (ComeAgain again(stop.token());
       result && result->is_busy && again.after(options.host + " tests for somebody else");) {
    result = measure(*asked, clock, &progress);
  }
  if (!result) return report(result.error());
  if (options.json) {
    fmt::print("{}\n", udp_capacity_json(*result, options.host));
  } else {
    for (const auto& line : udp_capacity_lines(*result, options.host, terminal.utf8)) fmt::print("{}\n", line);
  }
  return result->maximum ? 0 : kNoCapacity;
}

net::FileDescriptor catch_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return net::FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
}

Result<ServerOptions> server_options(const UdpstOptions& options) {
  ServerOptions out;
  auto keys = read_keys(options);
  if (!keys) return tl::unexpected(keys.error());
  out.policy.keys = std::move(*keys);
  if (options.max_mbps > 0) out.policy.max_bandwidth_mbps = options.max_mbps;
  if (!options.bind.empty()) {
    const auto address = net::Address::parse(options.bind);
    if (!address) {
      return failure(ErrorCode::kInvalidArgument, "read --bind", options.bind, "is not an address",
                     "give an address of this machine");
    }
    out.bind.push_back({*address, Port{options.port}});
    return out;
  }
  if (!options.v6) out.bind.push_back({net::Address::any(Family::kIpv4), Port{options.port}});
  if (!options.v4) out.bind.push_back({net::Address::any(Family::kIpv6), Port{options.port}});
  return out;
}

std::string counters_line(const ServerCounters& counters) {
  return fmt::format(" {} tests   {} set-ups, {} refused, {} not answered   {} open now", counters.tests,
                     counters.setups, counters.refused, counters.unanswered, counters.connections);
}

int run_server(const UdpstOptions& options) {
  auto asked = server_options(options);
  if (!asked) return report(asked.error());
  const auto signals = catch_stop_signals();
  const SystemClock clock;
  SystemRandom random;
  methods::SpeedQueue queue(clock);
  const auto server = Server::start(std::move(*asked), queue, clock, random);
  if (!server) return report(server.error());
  for (const auto& endpoint : (*server)->endpoints()) {
    fmt::print("UDPST server on {}{}; Ctrl-C stops\n", net::to_string(endpoint),
               options.key_file.empty() ? "" : ", with authentication");
  }
  std::fflush(stdout);
  Terminal terminal = Terminal::of_stdout();
  LiveBlock screen;
  pollfd stop{signals.get(), POLLIN, 0};
  while (::poll(&stop, 1, terminal.interactive ? 500 : -1) <= 0) {
    terminal = Terminal::of_stdout();
    screen.draw({StyledLine(terminal).add(counters_line((*server)->counters())).text()});
  }
  fmt::print("{}\n", counters_line((*server)->counters()));
  return 0;
}

int run(const UdpstOptions& options) {
  if (options.server) return run_server(options);
  if (options.host.empty()) {
    return report(
        failure(ErrorCode::kInvalidArgument, "start udpst", "", "no host was named", "name a server, or give --server")
            .value());
  }
  return run_client(options);
}

}  // namespace

void add_udp_capacity_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("udpst", "Measure UDP capacity (RFC 9097) with UDPST (RFC 9946)");
  auto options = std::make_shared<UdpstOptions>();
  command->add_option("host", options->host, "Server: Gnomon's or Broadband Forum's udpst");
  auto* down = command->add_flag("--down", options->down, "From the server to here (default)");
  command->add_flag("--up", options->up, "From here to the server")->excludes(down);
  command->add_option("--seconds", options->seconds, "How long (default 10)")->check(CLI::Range(5, 3600));
  auto* v4 = command->add_flag("-4", options->v4, "IPv4 only");
  command->add_flag("-6", options->v6, "IPv6 only")->excludes(v4);
  command->add_option("--port", options->port, "Control port (default 24601)");
  command->add_option("--key", options->key_file, "File with shared keys, KEYID,KEY a line: authenticate");
  command->add_option("--key-id", options->key_id, "Which of them (default: the first)")->check(CLI::Range(0, 255));
  command->add_option("--algorithm", options->algorithm, "How the rate is searched, B or C (default B)")
      ->check(CLI::IsMember({"B", "C"}));
  command->add_option("--rate-index", options->rate_index, "Keep this row of the rate table, no search")
      ->check(CLI::Range(std::size_t{0}, methods::udpst::RateTable::kRows - 1));
  command->add_option("--max", options->max_mbps, "Mbit/s: what a client asks for, or a server gives in each direction")
      ->check(CLI::Range(1, 100'000));
  command->add_flag("--mtu-1500", options->traditional_mtu, "Packets of 1500 bytes instead of 1250");
  command->add_flag("--json", options->json, "One object at the end");
  command->add_flag("--server", options->server, "Answer clients");
  command->add_option("--bind", options->bind, "With --server: answer on this address only");
  command->footer(
      "Examples:\n"
      "  gnomon udpst --server                 then, elsewhere: gnomon udpst THIS-HOST, or: udpst -d THIS-HOST\n"
      "  gnomon udpst --up --seconds 5 server.example\n"
      "  gnomon udpst --key keys.csv --key-id 2 -6 server.example");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
