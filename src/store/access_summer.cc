#include <algorithm>
#include <map>
#include <tuple>

#include "schema/delay_window.h"
#include "store/access.h"

namespace gnomon::store {

namespace {

using Key =
    std::tuple<std::string, schema::AccessNetwork, std::string, std::string, schema::AccessDirection, std::uint32_t>;

// Greater figures than an int64 has room for are nobody's.
std::int64_t signed_of(std::uint64_t value) {
  return static_cast<std::int64_t>(std::min<std::uint64_t>(value, INT64_MAX));
}

std::optional<AccessSpread> spread_of(std::vector<std::int64_t>& values) {
  if (values.empty()) return std::nullopt;
  AccessSpread spread{values.size(), 0, 0, 0};
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
  std::ranges::nth_element(values, middle);
  spread.median = *middle;
  spread.least = *std::min_element(values.begin(), middle + 1);
  spread.greatest = *std::max_element(middle, values.end());
  return spread;
}

std::uint32_t slot_of(AccessSlot slot, WallTime start, std::chrono::minutes utc_offset) {
  const auto hours = std::chrono::floor<std::chrono::hours>(start.since_epoch + utc_offset).count();
  const auto days = std::chrono::floor<std::chrono::days>(start.since_epoch + utc_offset).count();
  switch (slot) {
    case AccessSlot::kNone:
      return 0;
    case AccessSlot::kHourOfDay:
      return static_cast<std::uint32_t>(hours - 24LL * days);
    case AccessSlot::kDayOfWeek:
      return static_cast<std::uint32_t>(1 + ((days + 3) % 7 + 7) % 7);  // 1970 began on a Thursday, day 4
  }
  return 0;
}

}  // namespace

struct AccessSummer::Group {
  std::uint64_t tests = 0, done = 0, disturbed = 0, moved_bytes = 0;
  std::optional<WallTime> newest;
  std::vector<std::int64_t> throughput, idle_p50, loaded_p50, rpm;
  std::array<std::uint64_t, kAccessLimits> verdicts{};

  void add(const schema::AccessResult& r) {
    ++tests;
    moved_bytes += r.moved_bytes;
    newest = std::max(newest.value_or(r.start), r.start);
    if (r.outcome != schema::AccessOutcome::kDone) return;
    ++done;
    if ((r.marks & schema::kMarkCapacityTest) != 0) {
      ++disturbed;
      return;
    }
    if (r.throughput) throughput.push_back(signed_of(*r.throughput));
    if (r.idle_p50) idle_p50.push_back(r.idle_p50->count());
    if (r.loaded_p50) loaded_p50.push_back(r.loaded_p50->count());
    if (r.rpm) rpm.push_back(*r.rpm);
    const auto verdict = static_cast<std::size_t>(r.verdict);
    ++verdicts[verdict < kAccessLimits ? verdict : 0];
  }
};

struct AccessSummer::Groups {
  std::map<Key, Group> by_key;
};

AccessSummer::AccessSummer(AccessSlot slot, std::chrono::minutes utc_offset)
    : slot_(slot), utc_offset_(utc_offset), groups_(std::make_unique<Groups>()) {}
AccessSummer::~AccessSummer() = default;

void AccessSummer::add(const std::string& site, const schema::AccessResult& r) {
  const std::uint32_t slot = slot_of(slot_, r.start, utc_offset_);
  groups_->by_key[Key(site, r.network, r.access, r.method, r.direction, slot)].add(r);
}

std::vector<AccessSummary> AccessSummer::finish() {
  std::vector<AccessSummary> list;
  for (auto& [key, group] : groups_->by_key) {
    AccessSummary s;
    std::tie(s.site, s.network, s.access, s.method, s.direction, s.slot) = key;
    s.tests = group.tests;
    s.done = group.done;
    s.disturbed = group.disturbed;
    s.moved_bytes = group.moved_bytes;
    s.newest = group.newest.value_or(WallTime{});
    s.throughput = spread_of(group.throughput);
    s.idle_p50 = spread_of(group.idle_p50);
    s.loaded_p50 = spread_of(group.loaded_p50);
    s.rpm = spread_of(group.rpm);
    s.verdicts = group.verdicts;
    list.push_back(std::move(s));
  }
  return list;
}

}  // namespace gnomon::store
