#include "probe/speed_schedule.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "probe/address_rules.h"
#include "probe/tournament.h"

namespace gnomon::probe {

namespace {

// From 0 to below 1, the same for the same words.
double fraction_of(std::string_view words) {
  const auto digest = crypto::sha256(words);
  std::uint64_t hash = 0;
  for (std::size_t i = 0; i < sizeof hash; ++i) hash = hash << 8 | std::to_integer<std::uint64_t>(digest[i]);
  return static_cast<double>(hash >> 11) * 0x1p-53;
}

// Fills in how the target is reached: of two families one by turns. False when the target has none that is wanted.
bool choose_address(const Target& target, FamilyChoice choice, std::uint64_t turn, DueTest& test) {
  std::vector<std::pair<Family, std::string>> ways;
  for (const std::string& text : target.addresses) {
    const auto literal = parse_literal(text);
    if (literal && family_is_wanted(choice, literal->family)) ways.emplace_back(literal->family, literal->text);
  }
  if (!target.host.empty()) {
    for (const Family family : {Family::kIpv4, Family::kIpv6}) {
      if (family_is_wanted(choice, family)) ways.emplace_back(family, "");
    }
  }
  if (ways.empty()) return false;
  std::ranges::sort(ways);
  const auto& [family, address] = ways[turn % ways.size()];
  test.family = family;
  test.address = address;
  test.host = target.host;
  return true;
}

DueTest test_of(const SpeedTest& item, const Target& target) {
  DueTest test;
  test.item = item.name;
  test.target = target.name;
  test.target_site = target.site;
  test.method = item.method;
  test.port = item.port;
  test.most = item.most;
  test.streams = item.streams;
  test.search = item.search;
  test.tls = item.tls;
  return test;
}

std::optional<DueTest> next_of_pair(const SpeedTest& item, const Target& target, const Place& place, WallTime now) {
  const double fraction = fraction_of(fmt::format("speed\n{}\n{}\n{}", place.name, item.name, target.name));
  const Nanoseconds phase(static_cast<std::int64_t>(fraction * static_cast<double>(item.every.count())));
  const std::int64_t done = std::max<std::int64_t>(0, (now.since_epoch - phase) / item.every);
  std::int64_t turn = done;
  while (phase + item.every * turn < now.since_epoch) ++turn;
  DueTest test = test_of(item, target);
  if (!choose_address(target, item.family, static_cast<std::uint64_t>(turn), test)) return std::nullopt;
  test.start = WallTime{phase + item.every * turn};
  test.latest = test.start + item.every / 2;
  test.end = test.start + item.every;
  return test;
}

// The next slot in which this node is the one that begins.
std::optional<DueTest> next_of_mesh(const Plan& plan, const SpeedTest& item, std::size_t self, WallTime now) {
  const SlotOptions slots{item.every, kSlotGuard};
  WallTime from = now;
  for (std::uint64_t tried = 0; tried <= 2 * tournament_rounds(item.targets.size()); ++tried) {
    const auto slot = next_slot(item.targets.size(), self, from, slots);
    if (!slot) return std::nullopt;
    from = slot->start + Nanoseconds(1);
    if (!slot->begins) continue;
    const Target& target = plan.targets.find(item.targets[slot->opponent])->second;
    DueTest test = test_of(item, target);
    if (!choose_address(target, item.family, slot->round / tournament_rounds(item.targets.size()), test)) continue;
    test.start = slot->start;
    test.latest = slot->end - longest_course(item);
    test.end = slot->end;
    return test;
  }
  return std::nullopt;
}

std::optional<std::size_t> place_in_mesh(const Plan& plan, const SpeedTest& item, const Place& place) {
  for (std::size_t i = 0; i < item.targets.size(); ++i) {
    const auto target = plan.targets.find(item.targets[i]);
    if (target != plan.targets.end() && stands_at(place, target->second)) return i;
  }
  return std::nullopt;
}

void keep_earlier(std::optional<DueTest>& next, std::optional<DueTest> other) {
  if (other && (!next || other->start < next->start)) next = std::move(other);
}

}  // namespace

std::optional<DueTest> next_test(const Plan& plan, const Place& place, WallTime now) {
  std::optional<DueTest> next;
  for (const SpeedTest& item : plan.speed) {
    if (!item.access.empty() && item.access != place.access) continue;
    if (item.shape == Shape::kMesh) {
      if (const auto self = place_in_mesh(plan, item, place)) keep_earlier(next, next_of_mesh(plan, item, *self, now));
      continue;
    }
    if (!item.all_sources && !is_among(plan, place, item.sources)) continue;
    for (const std::string& name : item.targets) {
      const auto target = plan.targets.find(name);
      if (target == plan.targets.end() || stands_at(place, target->second)) continue;
      keep_earlier(next, next_of_pair(item, target->second, place, now));
    }
  }
  return next;
}

}  // namespace gnomon::probe
