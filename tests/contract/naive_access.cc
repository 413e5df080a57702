// The twin's answers about tests of access networks.

#include <algorithm>
#include <tuple>

#include "contract/naive_store.h"

namespace gnomon::store::contract {

namespace {

bool began_in(const AccessRow& test, TimeRange range) {
  return range.from <= test.result.start && test.result.start < range.to;
}

auto newest_first(const AccessRow& test) {
  return std::tuple(-test.result.start.since_epoch, -static_cast<std::int64_t>(test.record),
                    -static_cast<std::int64_t>(test.place));
}

auto key_of(const AccessRow& test) {
  const auto& r = test.result;
  return std::tuple(test.probe, r.network, r.access, r.method, r.direction, r.family);
}

std::uint32_t slot_of(AccessSlot slot, std::chrono::minutes utc_offset, WallTime start) {
  const std::chrono::sys_time<Nanoseconds> local(start.since_epoch + utc_offset);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  if (slot == AccessSlot::kDayOfWeek) return std::chrono::weekday(day).iso_encoding();
  if (slot == AccessSlot::kHourOfDay) {
    return static_cast<std::uint32_t>(std::chrono::hh_mm_ss(local - day).hours().count());
  }
  return 0;
}

using SummaryKey =
    std::tuple<std::string, schema::AccessNetwork, std::string, std::string, schema::AccessDirection, std::uint32_t>;

std::optional<AccessSpread> spread_of(const std::vector<const schema::AccessResult*>& tests, const auto& figure) {
  std::vector<std::int64_t> values;
  for (const auto* test : tests) {
    if (const std::optional<std::int64_t> value = figure(*test)) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return AccessSpread{values.size(), values.front(), values[(values.size() - 1) / 2], values.back()};
}

using Test = std::pair<const schema::AccessResult*, bool>;  // was it disturbed?

AccessSummary sum_up(const SummaryKey& key, const std::vector<Test>& tests) {
  AccessSummary s;
  std::tie(s.site, s.network, s.access, s.method, s.direction, s.slot) = key;
  s.tests = tests.size();
  s.newest = tests.front().first->start;
  std::vector<const schema::AccessResult*> counted;
  for (const auto& [test, is_disturbed] : tests) {
    s.newest = std::max(s.newest, test->start);
    s.moved_bytes += test->moved_bytes;
    if (test->outcome != schema::AccessOutcome::kDone) continue;
    ++s.done;
    if (is_disturbed) {
      ++s.disturbed;
    } else {
      counted.push_back(test);
      const auto verdict = static_cast<std::size_t>(test->verdict);
      ++s.verdicts[verdict <= static_cast<std::size_t>(schema::AccessLimit::kUnsure) ? verdict : 0];
    }
  }
  using Figure = std::optional<std::int64_t>;
  const auto delay = [](const std::optional<Nanoseconds>& d) { return d ? Figure(d->count()) : Figure(); };
  s.throughput = spread_of(counted, [](const auto& r) {
    if (!r.throughput) return Figure();
    return *r.throughput > INT64_MAX ? Figure(INT64_MAX) : Figure(static_cast<std::int64_t>(*r.throughput));
  });
  s.idle_p50 = spread_of(counted, [&](const auto& r) { return delay(r.idle_p50); });
  s.loaded_p50 = spread_of(counted, [&](const auto& r) { return delay(r.loaded_p50); });
  s.rpm = spread_of(counted, [](const auto& r) { return r.rpm ? Figure(*r.rpm) : Figure(); });
  return s;
}

}  // namespace

std::vector<AccessRow> NaiveStore::access_results(const AccessQuery& query) const {
  std::vector<AccessRow> list;
  for (const AccessRow& test : tests_) {
    if (!began_in(test, query.range)) continue;
    if (query.probe && *query.probe != test.probe) continue;
    if (query.site && *query.site != test.site) continue;
    list.push_back(test);
  }
  std::ranges::sort(list, {}, newest_first);
  if (list.size() > query.limit) list.resize(query.limit);
  return list;
}

std::vector<AccessRow> NaiveStore::newest_access_results(WallTime since) const {
  std::vector<AccessRow> list;
  for (const AccessRow& test : tests_) {
    if (test.result.start < since) continue;
    const bool has_newer = std::ranges::any_of(tests_, [&](const AccessRow& other) {
      return key_of(other) == key_of(test) && newest_first(other) < newest_first(test);
    });
    if (!has_newer) list.push_back(test);
  }
  std::ranges::sort(list, {}, newest_first);
  return list;
}

DisturbedTests NaiveStore::disturbed_tests(TimeRange range) const {
  using std::chrono::milliseconds;
  DisturbedTests disturbed;
  for (const AccessRow& one : tests_) {
    for (const AccessRow& two : tests_) {
      const auto &a = one.result, &b = two.result;
      if (&one == &two || !began_in(one, range) || a.moved_bytes == 0 || b.moved_bytes == 0) continue;
      const Nanoseconds together = std::min(a.start + a.duration, b.start + b.duration) - std::max(a.start, b.start);
      if (together < milliseconds(100)) continue;
      const bool same_access = a.access == b.access || a.access.empty() || b.access.empty();
      const std::set<std::string> sites{one.site, a.target_site}, others{two.site, b.target_site};
      for (const std::string& site : sites) {
        if (site.empty() || !others.contains(site)) continue;
        const bool both_test_there = site != a.target_site && site != b.target_site;
        if (!both_test_there || same_access) disturbed.insert({one.record, one.place});
      }
    }
  }
  return disturbed;
}

AccessSummaries NaiveStore::access_summaries(const AccessSummaryQuery& query) const {
  AccessSummaries summaries;
  summaries.disturbed = disturbed_tests(query.range);
  for (const AccessCut& cut : query.cuts) {
    std::map<SummaryKey, std::vector<Test>> groups;
    for (const AccessRow& test : tests_) {
      const auto& r = test.result;
      if (!began_in(test, query.range) || (query.site && *query.site != test.site)) continue;
      const bool is_disturbed =
          summaries.disturbed.contains({test.record, test.place}) || (r.marks & schema::kMarkCapacityTest) != 0;
      groups[{cut.by_site ? test.site : "", r.network, r.access, r.method, r.direction,
              slot_of(cut.slot, query.utc_offset, r.start)}]
          .emplace_back(&r, is_disturbed);
    }
    std::vector<AccessSummary>& list = summaries.cuts.emplace_back();
    for (const auto& [key, tests] : groups) list.push_back(sum_up(key, tests));
  }
  return summaries;
}

}  // namespace gnomon::store::contract
