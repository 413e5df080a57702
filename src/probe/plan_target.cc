#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "probe/address_rules.h"
#include "probe/plan_names.h"
#include "probe/plan_words.h"

namespace gnomon::probe {
namespace {

void read_addresses(const YAML::Node& node, Target& target, FaultList& faults) {
  bool has_family[2] = {false, false};
  for (const auto& [text, mark] : read_texts(node, "addresses", faults)) {
    const auto literal = parse_literal(text);
    if (!literal) {
      const std::string advice = is_host_name(text) ? fmt::format("; for a name write `host: {}`", text) : "";
      faults.add(mark, fmt::format("`{}` is not an IPv4 or IPv6 address{}", text.substr(0, 60), advice));
      continue;
    }
    if (const auto why = why_refused(text)) {
      faults.add(mark, fmt::format("{} {}", literal->text, *why));
      continue;
    }
    bool& taken = has_family[literal->family == Family::kIpv6 ? 1 : 0];
    if (taken) {
      faults.add(mark, fmt::format("a second IPv{} address for `{}`; make it a target of its own",
                                   literal->family == Family::kIpv6 ? 6 : 4, target.name));
      continue;
    }
    taken = true;
    target.addresses.push_back(literal->text);
  }
}

}  // namespace

std::optional<Target> read_target(const YAML::Node& name_node, const YAML::Node& node,
                                  const std::vector<std::string>* declared_sites, FaultList& faults) {
  const auto name = read_name(name_node, "a target's name", faults);
  if (!name) return std::nullopt;
  const KeyedNode fields(node, fmt::format("target `{}`", *name), words::kTarget, faults);
  Target target;
  target.name = *name;
  if (const auto* addresses = fields.find("addresses")) read_addresses(*addresses, target, faults);
  if (const auto* host = fields.find("host")) {
    const auto text = read_text(*host, "host", faults);
    if (text && !is_host_name(*text)) {
      const std::string advice =
          parse_literal(*text) ? fmt::format("; for an address write `addresses: [{}]`", *text) : "";
      faults.add(*host, fmt::format("`{}` is not a host name{}", text->substr(0, 60), advice));
    } else if (text) {
      target.host = *text;
    }
  }
  if (node.IsMap() && fields.has("host") == fields.has("addresses")) {
    faults.add(name_node, fmt::format("target `{}` needs either `addresses` or `host`", *name));
  }
  if (const auto* site = fields.find("site")) {
    target.site = declared_sites != nullptr ? read_word(*site, "site", *declared_sites, faults).value_or("")
                                            : read_name(*site, "a site's name", faults).value_or("");
  }
  if (const auto* access = fields.find("access")) target.access = read_name(*access, "access", faults).value_or("");
  if (const auto* port = fields.find("port")) {
    target.port.value = static_cast<std::uint16_t>(read_whole_number(*port, "port", 1, 65535, faults).value_or(0));
  }
  return target;
}

}  // namespace gnomon::probe
