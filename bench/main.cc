// gnomon-bench: every figure of docs/benchmarks.md has a name here.
//
//   gnomon-bench                                     the names and their targets
//   gnomon-bench NAME [--seconds N] [--json] [--gate] [--set SETTING=VALUE]… [--keep]
//
// Ends with 0 when it could measure, even if a target is missed (the output says so; --gate makes that 1), with 2 for
// wrong words, with 3 when it could not measure.

#include <fmt/core.h>
#include <unistd.h>

#include <cstdlib>

#include "bench/report.h"
#include "bench/row.h"
#include "core/nearest_word.h"

namespace {

using namespace gnomon;
using namespace gnomon::bench;

constexpr int kMissed = 1, kWrongWords = 2, kNotMeasured = 3;

struct Command {
  bool json = false, gate = false, keep = false;
  RunOptions options;
};

int list(const std::vector<Row>& rows) {
  fmt::print("gnomon-bench NAME [--seconds N] [--json] [--gate] [--set SETTING=VALUE] [--keep]\n\n");
  for (const Row& row : rows) {
    fmt::print("  {:<14} {}{}\n", row.name, row.summary, row.in_short_form ? "" : " (long: not in `make bench`)");
    if (!row.target.empty()) fmt::print("  {:<14} target: {}\n", "", row.target);
    for (const Setting& s : row.settings) fmt::print("  {:<14} --set {}={}: {}\n", "", s.name, s.value, s.meaning);
  }
  return 0;
}

// The names that `make bench` runs, one a line.
int list_short(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    if (row.in_short_form) fmt::print("{}\n", row.name);
  }
  return 0;
}

int refuse(const std::string& why) {
  fmt::print(stderr, "gnomon-bench: {}\n", why);
  return kWrongWords;
}

std::optional<double> number(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') return std::nullopt;
  return value;
}

// What is wrong with the words; empty when nothing.
std::string read_words(const Row& row, const std::vector<std::string>& words, Command& command) {
  for (const Setting& setting : row.settings) command.options.settings[setting.name] = setting.value;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--json") {
      command.json = true;
    } else if (word == "--gate") {
      command.gate = true;
    } else if (word == "--keep") {
      command.keep = true;
    } else if (word == "--seconds" || word == "--set") {
      if (++i == words.size()) return word + " needs a value";
      const auto equals = words[i].find('=');
      const auto value = number(word == "--set" ? words[i].substr(equals + 1) : words[i]);
      if (!value || *value < 0) return fmt::format("{} {}: not a number", word, words[i]);
      if (word == "--seconds") {
        command.options.seconds = *value;
      } else if (const std::string name = words[i].substr(0, equals); command.options.settings.contains(name)) {
        command.options.settings[name] = *value;
      } else {
        return fmt::format("{} has no setting {}; `gnomon-bench` lists them", row.name, name);
      }
    } else {
      return fmt::format("unknown option {}; `gnomon-bench` lists them", word);
    }
  }
  return {};
}

int run(const Row& row, Command& command, const std::string& words) {
  command.options.source = GNOMON_SOURCE_DIR;
  command.options.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  std::string scratch = (std::filesystem::temp_directory_path() / "gnomon-bench-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) {
    fmt::print(stderr, "gnomon-bench: no scratch folder {}: {}\n", scratch, std::strerror(errno));
    return kNotMeasured;
  }
  command.options.scratch = scratch;
  const auto figures = row.run(command.options);
  if (!command.keep) {
    std::error_code ignored;
    std::filesystem::remove_all(scratch, ignored);
  } else {
    fmt::print(stderr, "kept {}\n", scratch);
  }
  if (!figures) {
    fmt::print(stderr, "gnomon-bench: {}\n", figures.error().message());
    return kNotMeasured;
  }
  fmt::print("{}", command.json ? report_json(row, *figures, words) + "\n" : report_text(row, *figures));
  const bool met = std::ranges::all_of(*figures, [](const Figure& figure) { return figure.met(); });
  return command.gate && !met ? kMissed : 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto rows = all_rows();
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty() || words[0] == "--help") return list(rows);
  if (words[0] == "--short-names") return list_short(rows);
  const auto row = std::ranges::find(rows, words[0], &Row::name);
  if (row == rows.end()) {
    std::vector<std::string> names;
    for (const Row& known : rows) names.push_back(known.name);
    const auto near = nearest_word(words[0], names);
    return refuse(fmt::format("no row {}{}; `gnomon-bench` lists them", words[0],
                              near ? fmt::format("; did you mean {}?", *near) : ""));
  }
  Command command;
  if (const std::string wrong = read_words(*row, {words.begin() + 1, words.end()}, command); !wrong.empty()) {
    return refuse(wrong);
  }
  std::string said = "gnomon-bench";
  for (const std::string& word : words) said += " " + word;
  return run(*row, command, said);
}
