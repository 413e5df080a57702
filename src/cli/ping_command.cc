// `gnomon ping TARGET`: from the command line to a PingRequest.

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/ping_duration.h"
#include "cli/ping_session.h"
#include "net/packet_socket.h"
#include "net/resolve.h"
#include "wire/stamp.h"

namespace gnomon::cli {
namespace {

// Like ping(8): 0 somebody answered, 1 nobody did, 2 it could not be tried.
constexpr int kNoAnswer = 1;
constexpr int kNotTried = 2;
// One window for the whole run.
constexpr Nanoseconds kWholeRun = std::chrono::hours(24 * 365 * 10);

struct PingOptions {
  std::string target;
  bool v4 = false, v6 = false, json = false, twamp_light = false;
  std::uint64_t count = 0;
  std::string interval = "1", timeout = "3";
  std::optional<std::uint32_t> bytes;
  std::uint32_t dscp = 0;
  std::uint32_t ttl = 0;
  std::string stamp_port;  // empty: echo
  std::string source;
};

tl::unexpected<Error> wrong_option(std::string option, std::string value, std::string advice) {
  return failure(ErrorCode::kInvalidArgument, "read " + std::move(option), std::move(value), "is not understood",
                 std::move(advice));
}

// An address that a socket here can be bound to is this machine: both ends read one clock.
bool is_this_machine(const net::Address& address) {
  const bool v4 = address.family() == Family::kIpv4;
  auto fd = net::host_space()->open_socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM, 0);
  return fd && net::PacketSocket(std::move(*fd), address.family(), false).bind({address, Port{0}}).has_value();
}

Status apply_method(const PingOptions& options, PingRequest& request) {
  auto& spec = request.spec;
  if (options.stamp_port.empty() && !options.twamp_light) {
    spec.method = request.subject.method = "echo";
    spec.payload_bytes = options.bytes.value_or(56);
    return {};
  }
  const std::string text = options.stamp_port.empty() ? "862" : options.stamp_port;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return wrong_option("--stamp", text, "give a UDP port, such as --stamp=862");
  }
  spec.method = "stamp";
  request.subject.method = options.twamp_light ? "twamp-light" : "stamp";
  spec.stamp.twamp_light = options.twamp_light;
  spec.payload_bytes = options.bytes.value_or(wire::kStampBaseSize);
  spec.target.port = Port{port};
  return {};
}

Status apply_timing(const PingOptions& options, methods::DelaySpec& spec) {
  const auto interval = parse_duration(options.interval);
  if (!interval) return wrong_option("--interval", options.interval, "write 10ms, 0.2 or 1s");
  const auto timeout = parse_duration(options.timeout);
  if (!timeout) return wrong_option("--timeout", options.timeout, "write 500ms or 3s");
  spec.interval = *interval;
  spec.timeout = *timeout;
  spec.window = kWholeRun;
  spec.count = options.count;
  return {};
}

Result<PingRequest> make_request(const PingOptions& options) {
  PingRequest request;
  auto& spec = request.spec;
  if (auto timing = apply_timing(options, spec); !timing) return tl::unexpected(timing.error());
  std::optional<Family> family;
  if (options.v4) family = Family::kIpv4;
  if (options.v6) family = Family::kIpv6;
  const auto addresses = net::resolve(options.target, family);
  if (!addresses) return tl::unexpected(addresses.error());
  spec.target.address = addresses->front();
  if (auto method = apply_method(options, request); !method) return tl::unexpected(method.error());
  if (!options.source.empty()) {
    spec.source = net::Address::parse(options.source);
    if (!spec.source) return wrong_option("--source", options.source, "give an address of this machine");
  }
  spec.dscp = Dscp{static_cast<std::uint8_t>(options.dscp)};
  if (options.ttl > 0) spec.ttl = Ttl{static_cast<std::uint8_t>(options.ttl)};
  spec.same_clock = is_this_machine(spec.target.address);
  spec.report_packets = true;
  request.subject.name = options.target;
  request.subject.endpoint = spec.target;
  request.json = options.json;
  return request;
}

int run(const PingOptions& options) {
  const auto request = make_request(options);
  if (!request) {
    report(request.error());
    return kNotTried;
  }
  const auto answered = run_ping(*request);
  if (!answered) {
    report(answered.error());
    return kNotTried;
  }
  return *answered ? 0 : kNoAnswer;
}

}  // namespace

void add_ping_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("ping", "Measure delay and loss to one target, live");
  auto options = std::make_shared<PingOptions>();
  command->add_option("target", options->target, "Host name or address")->required();
  auto* v4 = command->add_flag("-4", options->v4, "IPv4 only");
  command->add_flag("-6", options->v6, "IPv6 only")->excludes(v4);
  command->add_option("-c,--count", options->count, "Stop after so many packets (default: at Ctrl-C)");
  command->add_option("-i,--interval", options->interval, "Time between packets: 10ms, 0.2, 1s (default 1s)");
  command->add_option("-s,--size", options->bytes, "Bytes after the ICMP or UDP header (default 56; 44 for --stamp)");
  command->add_option("--dscp", options->dscp, "Differentiated services code point")->check(CLI::Range(0, 63));
  command->add_option("--ttl", options->ttl, "Time to live, hop limit")->check(CLI::Range(1, 255));
  command->add_option("--source", options->source, "Send from this address");
  command->add_flag("--stamp{862}", options->stamp_port,
                    "Measure with STAMP (RFC 8762) instead of echo: both directions apart; --stamp=PORT");
  command->add_flag("--twamp-light", options->twamp_light, "With --stamp: send TWAMP-Light (RFC 5357) test packets");
  command->add_option("--timeout", options->timeout, "When a packet counts as lost (default 3s)");
  command->add_flag("--json", options->json, "One object at the end, in the schema's JSON");
  command->footer(
      "Examples:\n"
      "  gnomon ping example.org                    echo, once a second, until Ctrl-C\n"
      "  gnomon ping -6 -i 10ms -c 1000 2001:db8::1\n"
      "  gnomon ping --stamp reflector.example      there and back apart, from: gnomon reflect");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
