// `gnomon responsiveness`: round trips per minute while the line is full, as client or server.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/come_again.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/responsiveness_serve.h"
#include "cli/responsiveness_view.h"
#include "cli/stop_on_signal.h"

namespace gnomon::cli {
namespace {

namespace rpm = methods::responsiveness;

struct ResponsivenessOptions {
  std::string target;
  bool server = false, json = false, insecure = false, v4 = false, v6 = false;
  bool down = false, up = false, both = false;
  std::uint32_t seconds = 60;
  std::string ca_file;
  ResponsivenessServe serve;
};

class LiveLine final : public rpm::ProgressSink {
 public:
  explicit LiveLine(bool json) : terminal_(Terminal::of_stdout()), quiet_(json) {
    if (!terminal_.interactive) terminal_.width = 200;  // a file has no edge
  }
  void on_progress(const rpm::Progress& progress) override {
    if (quiet_ || !terminal_.interactive) return;
    terminal_ = Terminal::of_stdout();
    block_.draw({responsiveness_progress(progress, terminal_)});
  }
  void finish(const std::vector<std::string>& lines) {
    if (terminal_.interactive) return block_.draw(lines);
    for (const auto& line : lines) fmt::print("{}\n", line);
  }
  [[nodiscard]] const Terminal& terminal() const { return terminal_; }

 private:
  Terminal terminal_;
  LiveBlock block_;
  bool quiet_;
};

rpm::Options options_of(const ResponsivenessOptions& asked) {
  rpm::Options options;
  options.target = asked.target;
  if (asked.v4) options.family = Family::kIpv4;
  if (asked.v6) options.family = Family::kIpv6;
  options.ca_file = asked.ca_file;
  options.verify_tls = !asked.insecure;
  options.most_time = std::chrono::seconds(asked.seconds);
  if (asked.down || asked.up || asked.both) options.loads.clear();
  if (asked.down) options.loads.push_back(rpm::Load::kDown);
  if (asked.up) options.loads.push_back(rpm::Load::kUp);
  if (asked.both) options.loads.push_back(rpm::Load::kBoth);
  return options;
}

int measure(const ResponsivenessOptions& asked) {
  const StopOnSignal stop;
  auto options = options_of(asked);
  options.stop = stop.token();
  const SystemClock clock;
  SystemRandom random;
  LiveLine live(asked.json);
  auto result = rpm::measure(options, clock, random, &live);
  for (ComeAgain again(stop.token());
       !result && methods::is_busy(result.error()) && again.after(asked.target + " tests for somebody else");) {
    result = rpm::measure(options, clock, random, &live);
  }
  if (!result) return report(result.error());
  if (asked.json) {
    fmt::print("{}\n", responsiveness_json(*result));
  } else {
    live.finish(responsiveness_block(*result, live.terminal()));
  }
  return 0;
}

int run(const ResponsivenessOptions& asked) {
  if (asked.server) return serve_responsiveness(asked.serve);
  if (!asked.target.empty()) return measure(asked);
  return report(Error{ErrorCode::kInvalidArgument,
                      "measure responsiveness",
                      {},
                      "no server was named",
                      "give a host or a URL, or --server to be one"});
}

}  // namespace

void add_responsiveness_command(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("responsiveness", "Round trips per minute while the line is full (RPM)");
  auto options = std::make_shared<ResponsivenessOptions>();
  auto* target =
      command->add_option("target", options->target, "Host, HOST:PORT, or URL of a server's /.well-known/nq");
  command->add_option("--seconds", options->seconds, "For all loads together at most; ends sooner when settled")
      ->check(CLI::Range(6, 600))
      ->capture_default_str();
  command->add_flag("--down", options->down, "Load downward only");
  command->add_flag("--up", options->up, "Load upward only");
  command->add_flag("--both", options->both, "Load both ways at once (default: down, up, then both)");
  command->add_flag("--json", options->json, "One object at the end");
  auto* insecure = command->add_flag("--insecure", options->insecure, "Take any certificate");
  command->add_option("--ca", options->ca_file, "Authorities to trust, PEM")->excludes(insecure);
  auto* v4 = command->add_flag("-4", options->v4, "IPv4 only");
  command->add_flag("-6", options->v6, "IPv6 only")->excludes(v4);
  auto* server = command->add_flag("--server", options->server, "Be the other end")->excludes(target);
  command->add_option("--listen", options->serve.listen, "ADDRESS:PORT to serve on")
      ->needs(server)
      ->capture_default_str();
  auto* key = command->add_option("--tls-key", options->serve.tls_key, "Its key, PEM")->needs(server);
  auto* certificate = command->add_option("--tls-cert", options->serve.tls_certificate,
                                          "Certificate chain, PEM (default: one is made)");
  certificate->needs(server)->needs(key);
  key->needs(certificate);
  command->footer(
      "Examples:\n"
      "  gnomon responsiveness --server               then, elsewhere:\n"
      "  gnomon responsiveness --insecure HOST:4043   down, up, and both ways at once\n"
      "  gnomon responsiveness --down --seconds 20 https://example.org/.well-known/nq");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
