// `gnomon reflect`: answers STAMP and TWAMP-Light senders, and speed tests when asked to, until it is stopped.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/speed_service.h"
#include "cli/terminal.h"
#include "core/random.h"
#include "methods/stamp/reflector.h"
#include "net/file_descriptor.h"

namespace gnomon::cli {
namespace {

using methods::stamp::Reflector;
using methods::stamp::ReflectorCounters;

SpeedServiceOptions all_methods() {
  SpeedServiceOptions options;
  options.responsiveness_port = kResponsivenessPort;
  options.ndt7_port = kNdt7Port;
  return options;
}

struct ReflectOptions {
  std::uint16_t port = 862;
  bool stateful = false, v4 = false, v6 = false, json = false, speed = false;
  SpeedServiceOptions speed_service = all_methods();
  std::string bind, udpst_keys;
  std::uint32_t udpst_max_mbps = 0;
};

net::FileDescriptor catch_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return net::FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
}

Result<std::vector<net::Address>> addresses_to_bind(const ReflectOptions& options) {
  if (!options.bind.empty()) {
    const auto address = net::Address::parse(options.bind);
    if (address) return std::vector{*address};
    return failure(ErrorCode::kInvalidArgument, "read --bind", options.bind, "is not an address",
                   "give an address of this machine, such as 192.0.2.1 or ::1");
  }
  std::vector<net::Address> out;
  if (!options.v6) out.push_back(net::Address::any(Family::kIpv4));
  if (!options.v4) out.push_back(net::Address::any(Family::kIpv6));
  return out;
}

// Binds what can be bound; a machine without IPv6 still reflects IPv4, unless IPv6 was asked for.
Result<std::vector<net::Endpoint>> bind_all(Reflector& reflector, const ReflectOptions& options) {
  const auto addresses = addresses_to_bind(options);
  if (!addresses) return tl::unexpected(addresses.error());
  std::vector<net::Endpoint> bound;
  for (const auto& address : *addresses) {
    auto endpoint = reflector.add({address, Port{options.port}}, net::host_space());
    if (endpoint) {
      bound.push_back(*endpoint);
    } else if (bound.empty() || endpoint.error().code == ErrorCode::kConflict) {
      return tl::unexpected(endpoint.error());
    }
  }
  return bound;
}

// What serves speed tests, when it was asked for.
struct SpeedTests {
  SystemClock clock;
  SystemRandom random;
  methods::SpeedQueue queue{clock};
  std::unique_ptr<SpeedService> service;
};

Status start_speed(SpeedTests& speed, const ReflectOptions& options, const std::vector<net::Endpoint>& bound) {
  SpeedServiceOptions wanted = options.speed_service;
  if (wanted.ndt7_port == std::uint16_t{0}) wanted.ndt7_port.reset();
  for (const net::Endpoint& endpoint : bound) wanted.addresses.push_back(endpoint.address);
  auto policy = udpst_policy(options.udpst_keys, options.udpst_max_mbps);
  if (!policy) return tl::unexpected(policy.error());
  wanted.udpst = std::move(*policy);
  auto service = SpeedService::start(wanted, speed.queue, speed.clock, speed.random);
  if (!service) return tl::unexpected(service.error());
  speed.service = std::move(*service);
  for (const Error& fault : speed.service->faults()) {
    fmt::print(stderr, "gnomon: not all speed tests here: {}\n", fault.message());
  }
  return {};
}

void tell_speed(const SpeedTests& speed) {
  if (!speed.service) return;
  fmt::print("serving speed tests, one at a time: {}\n", fmt::join(speed.service->lines(), ", "));
}

std::string counters_json(const ReflectorCounters& counters) {
  return fmt::format(
      R"({{"received":{},"answered":{},"malformed":{},"refused":{},"rate_limited":{},"send_failed":{},"sessions":{}}})",
      counters.received, counters.answered, counters.malformed, counters.refused, counters.rate_limited,
      counters.send_failed, counters.sessions);
}

std::string counters_line(const ReflectorCounters& counters) {
  auto line = fmt::format(" {} answered of {} received", counters.answered, counters.received);
  if (counters.sessions > 0) line += fmt::format("   {} sessions", counters.sessions);
  if (counters.malformed > 0) line += fmt::format("   {} too short", counters.malformed);
  if (counters.refused > 0)
    line += fmt::format("   {} refused (not unicast, or from a service's port)", counters.refused);
  if (counters.rate_limited > 0) line += fmt::format("   {} above a source's rate", counters.rate_limited);
  if (counters.send_failed > 0) line += fmt::format("   {} could not be sent", counters.send_failed);
  return line;
}

void watch(const Reflector& reflector, bool json, int signals) {
  Terminal terminal = Terminal::of_stdout();
  const bool live = terminal.interactive && !json;
  LiveBlock screen;
  pollfd stop{signals, POLLIN, 0};
  while (::poll(&stop, 1, live ? 500 : -1) <= 0) {
    terminal = Terminal::of_stdout();
    if (live) screen.draw({StyledLine(terminal).add(counters_line(reflector.counters())).text()});
  }
  const auto counters = reflector.counters();
  if (json) fmt::print("{}\n", counters_json(counters));
  if (live) screen.draw({StyledLine(terminal).add(counters_line(counters)).text()});
  if (!json && !live) fmt::print("{}\n", counters_line(counters));
}

int run(const ReflectOptions& options) {
  const auto signals = catch_stop_signals();
  methods::stamp::ReflectorOptions reflector_options;
  reflector_options.stateful = options.stateful;
  auto reflector = Reflector::start(reflector_options);
  if (!reflector) return report(reflector.error());
  const auto bound = bind_all(**reflector, options);
  if (!bound) return report(bound.error());
  SpeedTests speed;
  if (options.speed) {
    if (const auto started = start_speed(speed, options, *bound); !started) return report(started.error());
  }
  if (!options.json) {
    for (const auto& endpoint : *bound) {
      fmt::print("reflecting STAMP and TWAMP-Light on {}{}; Ctrl-C stops\n", net::to_string(endpoint),
                 options.stateful ? ", stateful" : "");
    }
    tell_speed(speed);
    std::fflush(stdout);
  }
  watch(**reflector, options.json, signals.get());
  return 0;
}

}  // namespace

void add_reflect_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("reflect", "Answer STAMP and TWAMP-Light test packets, and speed tests");
  auto options = std::make_shared<ReflectOptions>();
  command->add_option("--port", options->port, "UDP port (default 862)");
  command->add_flag("--stateful", options->stateful,
                    "Count each sender's packets: tells it in which direction it loses");
  auto* v4 = command->add_flag("-4", options->v4, "IPv4 only");
  command->add_flag("-6", options->v6, "IPv6 only")->excludes(v4);
  command->add_option("--bind", options->bind, "Answer on this address only");
  command->add_flag("--json", options->json, "Print the counters as one object when stopped");
  auto& service = options->speed_service;
  command->add_flag("--speed", options->speed, "Serve `gnomon speed --all` as well: all methods, one test at a time");
  command->add_option("--speed-port", service.port, "TCP and UDP port for it")->capture_default_str();
  command->add_option("--responsiveness-port", service.responsiveness_port, "TCP port for responsiveness; 0: none")
      ->capture_default_str();
  command->add_option("--ndt7-port", service.ndt7_port, "TCP port for ndt7, plain; 0: none (default 8780)");
  command->add_option("--udpst-key", options->udpst_keys, "UDP tests with these shared keys only, KEYID,KEY a line")
      ->type_name("FILE");
  command->add_option("--udpst-max", options->udpst_max_mbps, "Mbit/s that UDP tests may use each way")
      ->check(CLI::Range(1, 100'000));
  command->footer(
      "Examples:\n"
      "  gnomon reflect --stateful            then, elsewhere: gnomon ping --stamp THIS-HOST\n"
      "  gnomon reflect --speed               then, elsewhere: gnomon speed --all THIS-HOST\n"
      "  gnomon reflect --port 20001 --bind 192.0.2.1");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
