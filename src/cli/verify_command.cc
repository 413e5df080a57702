// `gnomon verify DIR|URL`: proves that what an observatory stored and signed is whole.

#include "cli/verify_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "cli/verify_result.h"
#include "core/hex.h"
#include "core/printable.h"
#include "http/client.h"
#include "journal/verify.h"

namespace gnomon::cli {

namespace {

using Seconds = std::chrono::duration<double>;

struct VerifyOptions {
  std::string place;
  std::string key;
  bool json = false;
};

// One line that is drawn over itself, with the time left; nothing when standard output is no terminal.
class ProgressLine {
 public:
  explicit ProgressLine(bool wanted) : wanted_(wanted && Terminal::of_stdout().interactive) {}
  ~ProgressLine() { clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void show(const journal::VerifyProgress& progress) {
    const Seconds passed = std::chrono::steady_clock::now() - start_;
    if (!wanted_ || passed - shown_ < Seconds(0.2) || progress.done == 0) return;
    shown_ = passed;
    const double share = std::min(1.0, static_cast<double>(progress.done) / static_cast<double>(progress.total));
    std::printf("\r checking %s  %3.0f %%  %.0f s left \x1b[K", std::string(progress.what).c_str(), share * 100,
                passed.count() * (1 / share - 1));
    std::fflush(stdout);
  }
  void clear() const {
    if (shown_ > Seconds(0)) std::printf("\r\x1b[K");
  }
  [[nodiscard]] Seconds passed() const { return std::chrono::steady_clock::now() - start_; }

 private:
  bool wanted_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Seconds shown_{0};
};

bool is_url(std::string_view place) {
  return place.starts_with("http://") || place.starts_with("https://");
}

Result<std::optional<journal::VerifierKey>> read_key(const std::string& text) {
  if (text.empty()) return std::optional<journal::VerifierKey>();
  auto key = journal::parse_verifier_key(text);
  if (!key) {
    return failure(ErrorCode::kInvalidArgument, "read --key", text, std::string(key.error().reason),
                   "give the line that /ledger/key shows, from a place you trust");
  }
  return std::optional(*std::move(key));
}

Result<journal::VerifyReport> verify_url(const VerifyOptions& options, const journal::OnProgress& progress) {
  const auto key = read_key(options.key);
  if (!key) return tl::unexpected(key.error());
  auto client = http::Client::create(ledger_url(options.place));
  if (!client) return tl::unexpected(client.error());
  const auto fetch = [&](const std::string& resource) -> Result<std::string> {
    auto response = client->get("/" + resource);
    if (!response) return tl::unexpected(response.error());
    if (response->status != 200) return tl::unexpected(http::error_of(*response, "fetch", resource));
    return std::move(response->body);
  };
  // Whether there is a ledger at all, so that a wrong address is not taken for a damaged ledger.
  if (const auto first = fetch("checkpoint"); !first) {
    Error error = first.error();
    if (error.code == ErrorCode::kNotFound) error.advice = "name the observatory's URL, such as http://localhost:8780";
    return tl::unexpected(error);
  }
  return journal::verify_ledger(fetch, *key, progress);
}

std::string counted(std::uint64_t n, std::string_view one, std::string_view many) {
  std::string digits = std::to_string(n);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, " ");
  return fmt::format("{} {}", digits, n == 1 ? one : many);
}

std::string bytes_text(std::uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  if (size < 1e6) return fmt::format("{:.1f} kB", size / 1e3);
  return size < 1e9 ? fmt::format("{:.1f} MB", size / 1e6) : fmt::format("{:.2f} GB", size / 1e9);
}

std::string place_of(const journal::Problem& problem) {
  std::string place = problem.file;
  if (problem.offset) place += fmt::format(", byte {}", *problem.offset);
  if (problem.record) place += fmt::format(", record {}", *problem.record);
  return place;
}

std::string_view advice_for(const journal::VerifyReport& report) {
  const auto is_tile = [](const journal::Problem& problem) { return problem.file.find("tile/") != std::string::npos; };
  if (std::ranges::all_of(report.problems, is_tile)) {
    return "The tiles can be made anew from the journal: remove ledger/tile of the data folder and start gnomon.";
  }
  return "Restore the named files from a copy.";
}

void print_text(const journal::VerifyReport& report, bool has_journal, Seconds time) {
  if (has_journal) {
    fmt::print(" journal     {}, {}: {} with good checksums\n", counted(report.segments, "segment", "segments"),
               bytes_text(report.bytes), counted(report.records, "record", "records"));
    fmt::print(" batches     {} hold, {}\n", counted(report.signatures, "signature", "signatures"),
               counted(report.windows, "window", "windows"));
  }
  fmt::print(" ledger      {}: {} {}, {} and {} hold\n", printable(report.ledger_name),
             counted(report.leaves, "leaf", "leaves"), has_journal ? "equal to the journal" : "in place",
             counted(report.tiles, "hash tile", "hash tiles"),
             counted(report.bundles, "entry bundle", "entry bundles"));
  if (report.checkpoints > 0) {
    fmt::print(" checkpoint  signature holds: size {}, root {}\n", report.ledger_size, to_hex(report.root));
  }
  for (const auto& note : report.notes) fmt::print(" note        {}\n", printable(note));
  for (const auto& problem : report.problems) {
    fmt::print(" DAMAGED     {}: {}\n", printable(place_of(problem)), printable(problem.reason));
  };
  if (report.problem_count > report.problems.size()) {
    fmt::print(" …           {} more\n", report.problem_count - report.problems.size());
  }
  if (report.problem_count == 0) {
    fmt::print(" Everything that was checked holds. {:.2f} s\n", time.count());
  } else {
    fmt::print(" {} found. {} {:.2f} s\n", counted(report.problem_count, "fault", "faults"), advice_for(report),
               time.count());
  }
}

void print_json(const journal::VerifyReport& report, Seconds time) {
  boost::json::array problems;
  for (const auto& problem : report.problems) {
    boost::json::object one{{"file", problem.file}, {"reason", problem.reason}};
    one["offset"] = problem.offset ? boost::json::value(*problem.offset) : nullptr;
    one["record"] = problem.record ? boost::json::value(*problem.record) : nullptr;
    problems.push_back(std::move(one));
  }
  const boost::json::object out{
      {"ok", report.problem_count == 0},
      {"segments", report.segments},
      {"bytes", report.bytes},
      {"records", report.records},
      {"signatures", report.signatures},
      {"windows", report.windows},
      {"leaves", report.leaves},
      {"tiles", report.tiles},
      {"bundles", report.bundles},
      {"checkpoints", report.checkpoints},
      {"ledger", {{"name", report.ledger_name}, {"size", report.ledger_size}, {"root", to_hex(report.root)}}},
      {"problem_count", report.problem_count},
      {"problems", std::move(problems)},
      {"notes", boost::json::array(report.notes.begin(), report.notes.end())},
      {"seconds", time.count()}};
  fmt::print("{}\n", boost::json::serialize(out));
}

int run_result(const VerifyOptions& options, const ResultLink& link) {
  const auto key = read_key(options.key);
  if (!key) return cli::report(key.error());
  const auto proven = prove_result(link, *key);
  if (!proven) {
    const int code = cli::report(proven.error());
    return proven.error().code == ErrorCode::kCorrupt ? 1 : code;
  }
  fmt::print("{}", proven_text(*proven, options.json));
  if (!options.json && options.key.empty()) {
    fmt::print(" note        the ledger's key is the server's own word; give one that you trust with --key\n");
  }
  return 0;
}

int run(const VerifyOptions& options) {
  if (const auto link = parse_result_link(options.place)) return run_result(options, *link);
  ProgressLine line(!options.json);
  const auto progress = [&](const journal::VerifyProgress& p) { line.show(p); };
  const bool from_url = is_url(options.place);
  const auto report = from_url ? verify_url(options, progress)
                               : journal::verify_folder(segment::real_file_system(), options.place, progress);
  line.clear();
  if (!report) return cli::report(report.error());
  if (options.json)
    print_json(*report, line.passed());
  else
    print_text(*report, !from_url, line.passed());
  return report->problem_count == 0 ? 0 : 1;
}

}  // namespace

std::string ledger_url(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  const auto host = url.find("://");
  const bool has_path = host != std::string_view::npos && url.find('/', host + 3) != std::string_view::npos;
  return std::string(url) + (has_path ? "" : "/ledger");
}

void add_verify_command(CLI::App& app, int& exit_code) {
  auto* command =
      app.add_subcommand("verify", "Check every signature, hash and checkpoint of a data folder or a ledger");
  auto options = std::make_shared<VerifyOptions>();
  command
      ->add_option("place", options->place,
                   "The data folder, or the URL of an observatory, its ledger or a speed test's result")
      ->required();
  command->add_option("--key", options->key, "With a URL: the ledger's key that you trust (NAME+ID+KEY)");
  command->add_flag("--json", options->json, "One JSON object");
  command->footer(
      "Examples:\n"
      "  gnomon verify ~/.local/share/gnomon        everything that is stored, from the journal up\n"
      "  gnomon verify http://localhost:8780        the published ledger, as anyone can see it\n"
      "  gnomon verify 'https://…/speed/result?id=…'  one speed test: its figures, and its proof in the ledger\n"
      "Exit code: 0 all holds, 1 something is damaged (each place is named), 2 and above: it could not be checked.\n");
  command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace gnomon::cli
