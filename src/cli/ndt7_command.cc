// `gnomon ndt7 URL`: download and upload with M-Lab's ndt7 protocol.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/ndt7_text.h"
#include "cli/terminal.h"
#include "methods/ndt7/ndt7_client.h"

namespace gnomon::cli {
namespace {

using methods::ndt7::ClientOptions;
using methods::ndt7::RunEnd;
using schema::Direction;

// A test that ended early has a figure, but not the one that was asked for.
constexpr int kEndedEarly = 1;

struct Ndt7Options {
  ClientOptions client;
  bool down = false, up = false, both = false, v4 = false, v6 = false, json = false;
};

int run(const Ndt7Options& options) {
  ClientOptions client = options.client;
  client.download = options.down || options.both || !options.up;
  client.upload = options.up || options.both || !options.down;
  if (options.v4) client.family = Family::kIpv4;
  if (options.v6) client.family = Family::kIpv6;
  Terminal terminal = Terminal::of_stdout();
  const bool live = terminal.interactive && !options.json;
  if (!live) terminal.width = 200;  // a file has no edge
  LiveBlock screen;
  methods::ndt7::Progress progress;
  if (live) {
    progress.asking = [&](Direction direction) {
      screen.draw({StyledLine(terminal)
                       .add(fmt::format(" asking {} for its turn to {}", client.url,
                                        direction == Direction::kDown ? "download" : "upload"),
                            Style::kDim)
                       .text()});
    };
    progress.sample = [&](const schema::Transfer& transfer) { screen.draw({ndt7_line(terminal, transfer)}); };
  }
  SystemClock clock;
  SystemRandom random;
  const auto result = methods::ndt7::measure(client, clock, random, progress);
  if (!result) return report(result.error());
  if (options.json) {
    fmt::print("{}\n", ndt7_json(client.url, *result));
  } else {
    const auto lines = ndt7_block(terminal, *result);
    if (live) {
      screen.draw(lines);
    } else {
      for (const auto& line : lines) fmt::print("{}\n", line);
    }
  }
  const auto is_whole = [](const auto& one) { return !one || one->end == RunEnd::kDone; };
  return is_whole(result->download) && is_whole(result->upload) ? 0 : kEndedEarly;
}

}  // namespace

void add_ndt7_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("ndt7", "Measure download and upload with M-Lab's ndt7 protocol");
  auto options = std::make_shared<Ndt7Options>();
  command->add_option("server", options->client.url, "ws://HOST[:PORT], wss://HOST[:PORT], or HOST[:PORT] (ws)")
      ->required()
      ->type_name("URL|HOST");
  auto* down = command->add_flag("--down", options->down, "Download only");
  auto* up = command->add_flag("--up", options->up, "Upload only")->excludes(down);
  command->add_flag("--both", options->both, "Both, one after the other (default)")->excludes(down)->excludes(up);
  auto* v4 = command->add_flag("-4", options->v4, "IPv4 only");
  command->add_flag("-6", options->v6, "IPv6 only")->excludes(v4);
  auto* insecure = command->add_flag("--insecure", options->client.insecure, "Take any certificate (tests only)");
  command->add_option("--ca", options->client.ca_file, "Authorities to trust instead of the system's, PEM")
      ->type_name("FILE")
      ->excludes(insecure);
  command->add_flag("--json", options->json, "One object at the end");
  command->footer(
      "Examples:\n"
      "  gnomon ndt7 wss://speed.example             download, then upload\n"
      "  gnomon ndt7 --up 192.0.2.1:8780             from: gnomon serve --listen 192.0.2.1:8780\n"
      "Exit code 1: a test ended before its time; its figure holds until then.");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
