#include <yaml-cpp/yaml.h>

#include "methods/capacity/message.h"
#include "probe/plan_names.h"
#include "probe/plan_values.h"
#include "probe/plan_words.h"

namespace gnomon::probe {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

constexpr Nanoseconds kLongestEvery = hours(24 * 31);

void read_who(const KeyedNode& fields, const PlanNames& names, SpeedTest& test, FaultList& faults) {
  const auto* mesh = fields.find("mesh");
  const auto* from = fields.find("from");
  const auto* to = fields.find("to");
  if ((mesh != nullptr) == (from != nullptr || to != nullptr) || (from != nullptr) != (to != nullptr)) {
    faults.add(fields.place(),
               fmt::format("speed test `{}` must say who tests whom by either `mesh`, or `from` and `to`", test.name));
    return;
  }
  if (mesh != nullptr) {
    test.shape = Shape::kMesh;
    test.targets = names.targets_of(read_texts(*mesh, "mesh", faults), "mesh", faults);
    if (test.targets.size() == 1) faults.add(*mesh, "a mesh needs at least two targets");
    return;
  }
  const auto sources = read_texts(*from, "from", faults);
  test.all_sources = sources.size() == 1 && sources[0].text == words::kEveryProbe;
  if (!test.all_sources) test.sources = names.sources_of(sources, faults);
  test.targets = names.targets_of(read_texts(*to, "to", faults), "`to`", faults);
}

// A slot of a mesh holds both directions, the guards, and what a test takes besides.
void read_times(const KeyedNode& fields, SpeedTest& test, FaultList& faults) {
  if (const auto* n = fields.find("time")) {
    test.most = read_duration(*n, "time", seconds(1), methods::capacity::kLongestTest, faults).value_or(test.most);
  }
  const auto* every = fields.find("every");
  if (every != nullptr) {
    test.every = read_duration(*every, "every", seconds(10), kLongestEvery, faults).value_or(test.every);
  }
  const Nanoseconds least = shortest_slot(test.most);
  if (test.shape != Shape::kMesh || test.every >= least) return;
  faults.add(every != nullptr ? place_of(*every) : fields.place(),
             fmt::format("`every` is {}, too short for a test of {} each way in a mesh; give at least {}",
                         print_duration(test.every), print_duration(test.most), print_duration(least)));
}

}  // namespace

Nanoseconds shortest_slot(Nanoseconds most) {
  return 2 * most + 2 * kSlotGuard + seconds(6);
}

std::optional<SpeedTest> read_speed(const YAML::Node& node, std::size_t position, const PlanNames& names,
                                    FaultList& faults) {
  const KeyedNode fields(node, fmt::format("speed test {}", position), words::kSpeed, faults);
  if (!node.IsMap()) return std::nullopt;
  SpeedTest test;
  const auto* name = fields.find("name");
  if (name == nullptr) faults.add(node, fmt::format("speed test {} needs a `name`", position));
  if (name != nullptr) test.name = read_name(*name, "a speed test's name", faults).value_or("");
  read_who(fields, names, test, faults);
  read_times(fields, test, faults);
  if (const auto* n = fields.find("family")) {
    const auto word = read_word(*n, "family", words::kFamilies, faults);
    if (word)
      test.family = *word == "4" ? FamilyChoice::kIpv4 : *word == "6" ? FamilyChoice::kIpv6 : FamilyChoice::kBoth;
  }
  if (const auto* n = fields.find("streams")) {
    const auto streams = read_whole_number(*n, "streams", 1, methods::capacity::kMostStreams, faults);
    test.streams = static_cast<std::uint32_t>(streams.value_or(test.streams));
  }
  if (const auto* n = fields.find("port")) {
    test.port.value = static_cast<std::uint16_t>(read_whole_number(*n, "port", 1, 65535, faults).value_or(1));
  }
  if (const auto* n = fields.find("access")) test.access = read_name(*n, "access", faults).value_or("");
  return test;
}

}  // namespace gnomon::probe
