#include <fmt/format.h>
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

// What the methods differ in.
struct Terms {
  Port port;
  Nanoseconds usual{}, least{}, most{};  // of `time`
  TlsUse tls;
};

Terms terms_of(SpeedMethod method) {
  switch (method) {
    case SpeedMethod::kTcp:
      return {Port{24601}, seconds(10), seconds(1), methods::capacity::kLongestTest, TlsUse::kNone};
    case SpeedMethod::kUdp:  // RFC 9946; a server of ours runs none longer than 60 s
      return {Port{24601}, seconds(10), seconds(5), seconds(60), TlsUse::kNone};
    case SpeedMethod::kNdt7:  // the protocol's
      return {Port{8780}, seconds(10), seconds(10), seconds(10), TlsUse::kNone};
    case SpeedMethod::kResponsiveness:
      return {Port{4043}, seconds(20), seconds(4), seconds(60), TlsUse::kVerified};
  }
  return {};
}

void read_method(const KeyedNode& fields, SpeedTest& test, FaultList& faults) {
  if (const auto* n = fields.find("method")) {
    const auto word = read_word(*n, "method", words::kSpeedMethods, faults);
    for (std::size_t i = 0; word && i < kSpeedMethods; ++i) {
      if (*word == words::kSpeedMethods[i]) test.method = static_cast<SpeedMethod>(i);
    }
  }
  const Terms terms = terms_of(test.method);
  test.most = terms.usual;
  test.port = terms.port;
  test.tls = terms.tls;
}

// Words of other methods mean a mistake.
void refuse_others(const KeyedNode& fields, const SpeedTest& test, FaultList& faults) {
  const auto only = [&](const char* key, bool fits, std::string_view of) {
    const auto* n = fields.find(key);
    if (n != nullptr && !fits) {
      faults.add(*n, fmt::format("`{}` belongs to method {}, not {}", key, of, to_string(test.method)));
    }
  };
  const bool has_tls = test.method == SpeedMethod::kNdt7 || test.method == SpeedMethod::kResponsiveness;
  only("streams", test.method == SpeedMethod::kTcp, "tcp");
  only("search", test.method == SpeedMethod::kUdp, "udp");
  only("tls", has_tls, "ndt7 or responsiveness");
  only("time", test.method != SpeedMethod::kNdt7, "tcp, udp or responsiveness");
}

void read_terms(const KeyedNode& fields, SpeedTest& test, FaultList& faults) {
  if (const auto* n = fields.find("streams")) {
    const auto streams = read_whole_number(*n, "streams", 1, methods::capacity::kMostStreams, faults);
    test.streams = static_cast<std::uint32_t>(streams.value_or(test.streams));
  }
  if (const auto* n = fields.find("search")) {
    const auto word = read_word(*n, "search", words::kSearches, faults);
    if (word) test.search = *word == "C" ? RateSearch::kC : RateSearch::kB;
  }
  if (const auto* n = fields.find("tls")) {
    const auto word = read_word(*n, "tls", words::kTls, faults);
    if (word)
      test.tls = *word == "none" ? TlsUse::kNone : *word == "verified" ? TlsUse::kVerified : TlsUse::kUnverified;
  }
  if (const auto* n = fields.find("port")) {
    test.port.value = static_cast<std::uint16_t>(read_whole_number(*n, "port", 1, 65535, faults).value_or(1));
  } else if (test.method == SpeedMethod::kNdt7 && test.tls != TlsUse::kNone) {
    test.port = Port{443};  // where M-Lab's servers listen
  }
}

// A slot of a mesh holds all directions, the guards, and what a test takes besides.
void read_times(const KeyedNode& fields, SpeedTest& test, FaultList& faults) {
  const Terms terms = terms_of(test.method);
  if (const auto* n = fields.find("time"); n != nullptr && test.method != SpeedMethod::kNdt7) {
    test.most = read_duration(*n, "time", terms.least, terms.most, faults).value_or(test.most);
    if (test.method == SpeedMethod::kUdp && test.most % seconds(1) != Nanoseconds{}) {
      faults.add(*n, "time of method udp is in whole seconds (RFC 9946)");
    }
  }
  const auto* every = fields.find("every");
  if (every != nullptr) {
    test.every = read_duration(*every, "every", seconds(10), kLongestEvery, faults).value_or(test.every);
  }
  const Nanoseconds least = shortest_slot(test);
  if (test.shape != Shape::kMesh || test.every >= least) return;
  faults.add(every != nullptr ? place_of(*every) : fields.place(),
             fmt::format("`every` is {}, too short for a test of {} each way in a mesh; give at least {}",
                         print_duration(test.every), print_duration(test.most), print_duration(least)));
}

}  // namespace

Nanoseconds longest_course(const SpeedTest& test) {
  switch (test.method) {
    case SpeedMethod::kTcp:
      return 2 * test.most + seconds(6);
    case SpeedMethod::kUdp:  // set-up and activation, and an end that is awaited for 3.5 s
      return 2 * (test.most + seconds(8));
    case SpeedMethod::kNdt7:  // killed after 13 s
      return 2 * seconds(13) + seconds(6);
    case SpeedMethod::kResponsiveness:  // one way, the other, both; before them the idle part
      return 3 * (test.most + seconds(2)) + seconds(15);
  }
  return {};
}

Nanoseconds shortest_slot(const SpeedTest& test) {
  return longest_course(test) + 2 * kSlotGuard;
}

std::optional<SpeedTest> read_speed(const YAML::Node& node, std::size_t position, const PlanNames& names,
                                    FaultList& faults) {
  const KeyedNode fields(node, fmt::format("speed test {}", position), words::kSpeed, faults);
  if (!node.IsMap()) return std::nullopt;
  SpeedTest test;
  const auto* name = fields.find("name");
  if (name == nullptr) faults.add(node, fmt::format("speed test {} needs a `name`", position));
  if (name != nullptr) test.name = read_name(*name, "a speed test's name", faults).value_or("");
  read_method(fields, test, faults);
  read_who(fields, names, test, faults);
  refuse_others(fields, test, faults);
  read_terms(fields, test, faults);
  read_times(fields, test, faults);
  if (const auto* n = fields.find("family")) {
    const auto word = read_word(*n, "family", words::kFamilies, faults);
    if (word)
      test.family = *word == "4" ? FamilyChoice::kIpv4 : *word == "6" ? FamilyChoice::kIpv6 : FamilyChoice::kBoth;
  }
  if (const auto* n = fields.find("access")) test.access = read_name(*n, "access", faults).value_or("");
  return test;
}

}  // namespace gnomon::probe
