#pragma once

// A row of the table of figures: one name of `gnomon-bench NAME`, one file of bench/rows/.
//
// A row measures what runs, on a scratch folder of its own, and returns figures; main.cc prints them and compares them
// with their targets. It is an Error when a row could not measure, never when a figure is missed.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"

namespace gnomon::bench {

enum class Bound { kAtLeast, kAtMost };

struct Target {
  Bound bound = Bound::kAtMost;
  double value = 0;  // in the figure's unit
};

inline Target at_least(double value) {
  return {Bound::kAtLeast, value};
}
inline Target at_most(double value) {
  return {Bound::kAtMost, value};
}

struct Figure {
  std::string what;
  double value = 0;
  std::string unit;                             // "ms", "bytes/window"; empty for a plain number
  std::optional<Target> target = std::nullopt;  // nothing: said beside the others, not judged
  [[nodiscard]] bool met() const;               // true without a target
};

using Figures = std::vector<Figure>;

struct RunOptions {
  std::optional<double> seconds;           // how long to measure; nothing: the row's short form
  std::filesystem::path scratch;           // empty folder, removed afterwards
  std::filesystem::path programs;          // where gnomon and gnomon-probe are built
  std::filesystem::path source;            // the source tree, for rows that are scripts
  std::map<std::string, double> settings;  // every Setting of the row, by name
  [[nodiscard]] double setting(const std::string& name) const { return settings.at(name); }
};

// What `--set NAME=VALUE` changes, e.g. how many probes.
struct Setting {
  std::string name;
  double value = 0;  // unless said otherwise
  std::string meaning;
};

struct Row {
  std::string name;     // "power-loss"
  std::string summary;  // what is measured, one line
  std::string target;   // the figures to reach, one line; empty: none
  std::vector<Setting> settings;
  bool in_short_form = true;  // run by `make bench`
  Result<Figures> (*run)(const RunOptions& options) = nullptr;
};

// Every row, by name. Each file bench/rows/x_y.cc defines `Row gnomon::bench::x_y()`; the build makes the list of them.
std::vector<Row> all_rows();

}  // namespace gnomon::bench
