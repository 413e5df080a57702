#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "probe/plan_names.h"
#include "probe/plan_values.h"
#include "probe/plan_words.h"

namespace gnomon::probe {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void read_timing(const KeyedNode& node, Options& options, FaultList& faults) {
  if (const auto* n = node.find("interval")) {
    options.interval = read_duration(*n, "interval", milliseconds(1), hours(1), faults).value_or(options.interval);
  }
  if (const auto* n = node.find("timeout")) {
    options.timeout = read_duration(*n, "timeout", milliseconds(1), minutes(1), faults).value_or(options.timeout);
  }
  if (const auto* n = node.find("window")) {
    options.window = read_duration(*n, "window", seconds(1), hours(1), faults).value_or(options.window);
  }
  if (options.interval <= options.window) return;
  const auto* placed = node.has("interval") ? node.find("interval") : node.find("window");
  if (placed == nullptr) return;  // The defaults hold the fault already.
  faults.add(*placed, fmt::format("interval ({}) is longer than window ({}), so that windows would stay empty; give a "
                                  "window of at least the interval",
                                  print_duration(options.interval), print_duration(options.window)));
}

void read_packet(const KeyedNode& node, Options& options, FaultList& faults) {
  constexpr std::uint32_t kStampBytes = 44;  // RFC 8762 section 4.2.1: the bare packet, the same each way.
  const bool stamp = options.method == Method::kStamp;
  if (const auto* n = node.find("payload")) {
    const auto bytes =
        read_whole_number(*n, stamp ? "payload of stamp" : "payload", stamp ? kStampBytes : 0, 65'000, faults);
    options.payload_bytes = static_cast<std::uint32_t>(bytes.value_or(options.payload_bytes));
  } else if (stamp && node.has("method")) {
    options.payload_bytes = kStampBytes;
  }
  if (const auto* n = node.find("dscp")) {
    const auto text = read_text(*n, "dscp", faults);
    const auto dscp = text ? parse_dscp(*text) : std::nullopt;
    if (text && !dscp)
      faults.add(*n, fmt::format("dscp must be 0 to 63 or a name such as EF, AF41, CS1, not `{}`", *text));
    options.dscp = dscp.value_or(options.dscp);
  }
  for (const char* key : {"port", "ssid"}) {
    const auto* n = node.find(key);
    if (n == nullptr) continue;
    const bool is_port = std::string_view(key) == "port";
    if (options.method != Method::kStamp) faults.add(*n, fmt::format("`{}` belongs to method stamp, not echo", key));
    const auto number = read_whole_number(*n, key, is_port ? 1 : 0, 65535, faults);
    if (number && is_port) options.port.value = static_cast<std::uint16_t>(*number);
    if (number && !is_port) options.ssid = static_cast<std::uint16_t>(*number);
  }
  if (const auto* n = node.find("stateful")) {
    if (options.method != Method::kStamp) faults.add(*n, "`stateful` belongs to method stamp, not echo");
    const auto text = read_text(*n, "stateful", faults);
    if (text && *text != "true" && *text != "false") {
      faults.add(*n, fmt::format("stateful must be true or false, not `{}`", *text));
    }
    options.stateful = text == "true";
  }
}

void read_mesh(const YAML::Node& node, const PlanNames& names, Measurement& item, FaultList& faults) {
  item.shape = Shape::kMesh;
  const auto members = read_texts(node, "mesh", faults);
  item.targets = names.targets_of(members, "mesh", faults);
  item.sources = item.targets;
  if (item.targets.size() == 1 && members.size() == 1) faults.add(node, "a mesh needs at least two targets");
}

void read_star(const YAML::Node& node, const PlanNames& names, Measurement& item, FaultList& faults) {
  item.shape = Shape::kStar;
  const KeyedNode star(node, "star", words::kStar, faults);
  const auto* hub = star.find("hub");
  const auto* leaves = star.find("leaves");
  if (hub == nullptr || leaves == nullptr) {
    if (node.IsMap()) faults.add(node, "star needs both `hub` and `leaves`");
    return;
  }
  item.sources = names.targets_of(read_texts(*hub, "hub", faults), "hub", faults);
  item.targets = names.targets_of(read_texts(*leaves, "leaves", faults), "leaves", faults);
  if (item.sources.size() > 1) faults.add(*hub, "a star has one hub; use `from` and `to` for several");
}

void read_pairs(const KeyedNode& fields, const PlanNames& names, Measurement& item, FaultList& faults) {
  item.shape = Shape::kPairs;
  const auto* from = fields.find("from");
  const auto* to = fields.find("to");
  if (from == nullptr || to == nullptr) {
    faults.add(
        from != nullptr ? place_of(*from) : place_of(*to),
        fmt::format("`{}` is missing beside `{}`", from == nullptr ? "from" : "to", from == nullptr ? "to" : "from"));
  }
  if (from != nullptr) {
    const auto sources = read_texts(*from, "from", faults);
    item.all_sources = sources.size() == 1 && sources[0].text == words::kEveryProbe;
    if (!item.all_sources) item.sources = names.sources_of(sources, faults);
  }
  if (to != nullptr) item.targets = names.targets_of(read_texts(*to, "to", faults), "`to`", faults);
}

void read_shape(const KeyedNode& fields, const PlanNames& names, Measurement& item, FaultList& faults) {
  const bool pairs = fields.has("from") || fields.has("to");
  const int shapes = (fields.has("mesh") ? 1 : 0) + (fields.has("star") ? 1 : 0) + (pairs ? 1 : 0);
  if (shapes != 1) {
    faults.add(fields.place(),
               fmt::format("measurement `{}` must say who measures whom by exactly one of `mesh`, `star`, "
                           "or `from` and `to`",
                           item.name));
    return;
  }
  if (const auto* mesh = fields.find("mesh")) read_mesh(*mesh, names, item, faults);
  if (const auto* star = fields.find("star")) read_star(*star, names, item, faults);
  if (pairs) read_pairs(fields, names, item, faults);
}

}  // namespace

Options read_options(const KeyedNode& node, Options base, FaultList& faults) {
  Options options = std::move(base);
  if (const auto* n = node.find("method")) {
    const auto word = read_word(*n, "method", words::kMethods, faults);
    if (word) options.method = *word == "stamp" ? Method::kStamp : Method::kEcho;
  }
  if (const auto* n = node.find("family")) {
    const auto word = read_word(*n, "family", words::kFamilies, faults);
    if (word)
      options.family = *word == "4" ? FamilyChoice::kIpv4 : *word == "6" ? FamilyChoice::kIpv6 : FamilyChoice::kBoth;
  }
  if (const auto* n = node.find("access")) options.access = read_name(*n, "access", faults).value_or("");
  read_timing(node, options, faults);
  read_packet(node, options, faults);
  return options;
}

std::optional<Measurement> read_measurement(const YAML::Node& node, std::size_t position, const Options& defaults,
                                            const PlanNames& names, FaultList& faults) {
  const KeyedNode fields(node, fmt::format("measurement {}", position), words::measurement(), faults);
  if (!node.IsMap()) return std::nullopt;
  Measurement item;
  const auto* name = fields.find("name");
  if (name == nullptr) faults.add(node, fmt::format("measurement {} needs a `name`", position));
  if (name != nullptr) item.name = read_name(*name, "a measurement's name", faults).value_or("");
  read_shape(fields, names, item, faults);
  item.options = read_options(fields, defaults, faults);
  return item;
}

}  // namespace gnomon::probe
