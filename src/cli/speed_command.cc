// `gnomon speed HOST`: from the command line to a SpeedRequest.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/speed_all_session.h"
#include "net/resolve.h"

namespace gnomon::cli {

namespace {

struct SpeedOptions {
  std::string target;
  bool down = false, up = false, both = false, v4 = false, v6 = false, json = false, whole = false, copy = false;
  std::uint32_t streams = 0;  // not said: one, or several with --all
  double time = 10;
  std::uint16_t port = methods::capacity::kPort;
  std::string congestion_control, rate;
  std::uint32_t window = 0;
  bool all = false;
  std::string udpst_key, ndt7, responsiveness, record;
  int key_id = -1;
};

constexpr std::uint32_t kSeveralStreams = 8;

tl::unexpected<Error> wrong_option(std::string option, std::string value, std::string advice) {
  return failure(ErrorCode::kInvalidArgument, "read " + std::move(option), std::move(value), "is not understood",
                 std::move(advice));
}

// "500M", "1.5G", "20k", "1000000": bit/s.
Result<std::uint64_t> read_rate(const std::string& text) {
  double value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double factor = unit == "k" ? 1e3 : unit == "M" ? 1e6 : unit == "G" ? 1e9 : unit.empty() ? 1 : 0;
  if (fault != std::errc{} || factor == 0 || value <= 0 || value * factor > 1e15) {
    return wrong_option("--rate", text, "give bits per second, such as --rate 500M or --rate 1.5G");
  }
  return static_cast<std::uint64_t>(value * factor);
}

Result<SpeedRequest> read(const SpeedOptions& options) {
  SpeedRequest request;
  request.target = options.target;
  request.json = options.json;
  request.record = options.record;
  request.whole_time = options.whole;
  if (options.down || options.both || !options.up) request.directions.push_back(schema::Direction::kDown);
  if (options.up || options.both || !options.down) request.directions.push_back(schema::Direction::kUp);
  std::optional<Family> family;
  if (options.v4) family = Family::kIpv4;
  if (options.v6) family = Family::kIpv6;
  const auto addresses = net::resolve(options.target, family);
  if (!addresses) return tl::unexpected(addresses.error());
  request.options.server = {addresses->front(), Port{options.port}};
  request.options.streams = options.streams == 0 ? 1 : options.streams;
  request.options.most = std::chrono::duration_cast<Nanoseconds>(std::chrono::duration<double>(options.time));
  request.options.congestion_control = options.congestion_control;
  request.options.window_bytes = options.window;
  request.options.copy = options.copy;
  if (!options.rate.empty()) {
    const auto rate = read_rate(options.rate);
    if (!rate) return tl::unexpected(rate.error());
    request.options.pace_bps = *rate;
  }
  return request;
}

Result<SpeedAllRequest> read_all(const SpeedOptions& options, const SpeedRequest& one) {
  SpeedAllRequest request{one, {}, options.ndt7, options.responsiveness};
  request.speed.options.streams = options.streams == 0 ? kSeveralStreams : options.streams;
  if (options.time > kLongestAllSeconds) {
    return wrong_option("--time", fmt::format("{} s", options.time), "give at most 30 s with --all");
  }
  if (options.streams == 1) return wrong_option("--streams", "1", "give 2 to 64 with --all, which takes one as well");
  if (options.udpst_key.empty()) return request;
  const auto keys = methods::udpst::read_key_file(options.udpst_key);
  if (!keys) return tl::unexpected(keys.error());
  const auto* key = options.key_id < 0 ? keys->data() : find_key(*keys, static_cast<std::uint8_t>(options.key_id));
  if (keys->empty() || key == nullptr) {
    return wrong_option("--key-id", std::to_string(options.key_id), "give one of the ids in the file of --udpst-key");
  }
  request.udpst_key = *key;
  return request;
}

int run_all(const SpeedOptions& options, const SpeedRequest& one) {
  const auto request = read_all(options, one);
  if (!request) return report(request.error());
  const auto outcome = run_speed_all(*request);
  return outcome ? *outcome : report(outcome.error());
}

int run(const SpeedOptions& options) {
  const auto request = read(options);
  if (!request) return report(request.error());
  if (options.all) return run_all(options, *request);
  const auto outcome = run_speed(*request);
  return outcome ? *outcome : report(outcome.error());
}

}  // namespace

void add_speed_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("speed", "Measure how much the way to a host carries, and what limits it");
  auto options = std::make_shared<SpeedOptions>();
  command->add_option("host", options->target, "Where `gnomon serve` or `gnomon reflect --speed` runs")->required();
  command->add_flag("--down", options->down, "From there to here only");
  command->add_flag("--up", options->up, "From here to there only");
  command->add_flag("--both", options->both, "One after the other (default)");
  command
      ->add_option("--streams", options->streams,
                   "TCP connections at once, 1 to 64 (default 1; of --all's second test 8)")
      ->check(CLI::Range(1, 64));
  command->add_option("--time", options->time, "Seconds a direction at most (default 10)")
      ->check(CLI::Range(0.5, 60.0));
  command->add_flag("--whole", options->whole, "Use all of that time, however precise the figure is before");
  auto* v4 = command->add_flag("-4", options->v4, "IPv4 only");
  command->add_flag("-6", options->v6, "IPv6 only")->excludes(v4);
  command->add_option("--port", options->port, "TCP port (default 24601)");
  command->add_option("--congestion", options->congestion_control, "Congestion control of the sender, such as cubic");
  command->add_option("--rate", options->rate, "Send no faster than this, such as 500M (all streams together)");
  command->add_option("--window", options->window,
                      "Receive buffer of each stream in bytes (default: the kernel tunes)");
  command->add_flag("--copy", options->copy, "Copy every byte in both programs, as an ordinary program would");
  auto* all =
      command->add_flag("--all", options->all,
                        "TCP by one stream and by several, UDP capacity, ndt7 and responsiveness, in one turn, and "
                        "why their figures differ");
  command->add_option("--ndt7", options->ndt7, "With --all: an ndt7 server elsewhere")
      ->type_name("URL|HOST")
      ->needs(all);
  command->add_option("--responsiveness", options->responsiveness, "With --all: a responsiveness server elsewhere")
      ->type_name("URL|HOST")
      ->needs(all);
  auto* key =
      command
          ->add_option("--udpst-key", options->udpst_key, "With --all: shared keys of the UDP test, KEYID,KEY a line")
          ->type_name("FILE")
          ->needs(all);
  command->add_option("--key-id", options->key_id, "Which of them (default: the first)")
      ->check(CLI::Range(0, 255))
      ->needs(key);
  command
      ->add_option("--record", options->record,
                   "Keep the samples behind each verdict in this file (-down and -up before its extension)")
      ->type_name("FILE")
      ->excludes(all);
  command->add_flag("--json", options->json, "Print one object at the end");
  command->footer(
      "Examples:\n"
      "  gnomon reflect --speed               there, then here: gnomon speed THAT-HOST\n"
      "  gnomon speed 192.0.2.7 --down --streams 4\n"
      "  gnomon speed 192.0.2.7 --all --time 5\n"
      "  gnomon speed dc-2.lab --json | jq .download.throughput_bps");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
