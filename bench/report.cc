#include "bench/report.h"

#include <sched.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <boost/json.hpp>
#include <cmath>
#include <fstream>

namespace gnomon::bench {

namespace {

std::string processor_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("model name")) continue;
    return line.substr(std::min(line.size(), line.find(": ") + 2));
  }
  return "unknown processor";
}

int usable_processors() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 0;
}

// Four digits that matter; whole numbers from a thousand on; a dash for what was not measured.
std::string number_text(double value) {
  if (std::isnan(value)) return "–";
  if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  return fmt::format("{:.4g}", value);
}

std::string_view sign_of(Bound bound) {
  return bound == Bound::kAtLeast ? ">=" : "<=";
}

}  // namespace

bool Figure::met() const {
  if (!target) return true;
  if (std::isnan(value)) return false;
  return target->bound == Bound::kAtLeast ? value >= target->value : value <= target->value;
}

std::string machine() {
  utsname system{};
  ::uname(&system);
  struct sysinfo memory {};
  ::sysinfo(&memory);
  const double gib = static_cast<double>(memory.totalram) * memory.mem_unit / (1ULL << 30);
  return fmt::format("{} x {}, {:.1f} GiB, {} {}", usable_processors(), processor_model(), gib, system.sysname,
                     system.release);
}

std::string report_text(const Row& row, const Figures& figures) {
  std::size_t width = 0;
  for (const Figure& figure : figures) width = std::max(width, figure.what.size());
  std::string text = fmt::format("{}: {}\n", row.name, row.summary);
  for (const Figure& figure : figures) {
    text += fmt::format("  {:<{}}  {:>10} {}", figure.what, width, number_text(figure.value), figure.unit);
    if (figure.target) {
      text += fmt::format("   target {} {}: {}", sign_of(figure.target->bound), number_text(figure.target->value),
                          figure.met() ? "met" : "MISSED");
    }
    text += '\n';
  }
  return text;
}

std::string report_json(const Row& row, const Figures& figures, const std::string& command) {
  namespace json = boost::json;
  json::array list;
  for (const Figure& figure : figures) {
    json::object object{{"what", figure.what}, {"value", nullptr}, {"unit", figure.unit}, {"target", nullptr}};
    if (std::isfinite(figure.value)) object["value"] = figure.value;  // JSON knows no infinity.
    if (figure.target) {
      object["target"] = {{"bound", sign_of(figure.target->bound)}, {"value", figure.target->value}};
    }
    object["met"] = figure.met();
    list.push_back(std::move(object));
  }
  return json::serialize(
      json::object{{"name", row.name}, {"figures", std::move(list)}, {"machine", machine()}, {"command", command}});
}

}  // namespace gnomon::bench
