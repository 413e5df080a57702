#include "store/disturbed_tests.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

namespace gnomon::store {

namespace {

bool same(const std::string& a, const std::string& b) {
  return !a.empty() && a == b;
}

}  // namespace

bool share_a_line(const LineEnds& test, const LineEnds& other) {
  const bool may_be_same_access = test.access.empty() || other.access.empty() || test.access == other.access;
  return (same(test.site, other.site) && may_be_same_access) || same(test.site, other.target_site) ||
         same(test.target_site, other.site) || same(test.target_site, other.target_site);
}

void DisturbanceFinder::add(const AccessRow& row) {
  const schema::AccessResult& r = row.result;
  if (r.moved_bytes == 0 || r.duration < kLeastOverlap) return;
  const auto [ends, is_new] = ends_.insert({row.site, r.access, r.target_site});
  spans_.push_back({{row.record, row.place}, r.start, r.start + r.duration, &*ends});
}

// In the order of their beginnings, each is held against those of its sites that still ran then.
DisturbedTests DisturbanceFinder::finish(WallTime from, WallTime to) {
  std::ranges::sort(spans_, {}, &Span::from);
  std::unordered_map<std::string_view, std::vector<const Span*>> running;
  DisturbedTests disturbed;
  const auto note = [&](const Span& span) {
    if (span.from >= from && span.from < to) disturbed.insert(span.name);
  };
  const auto hold_against = [&](const Span& span, const std::string& site) {
    std::vector<const Span*>& others = running[site];
    std::erase_if(others, [&](const Span* other) { return other->to - span.from < kLeastOverlap; });
    for (const Span* other : others) {
      if (!share_a_line(*other->ends, *span.ends)) continue;
      note(*other);
      note(span);
    }
    others.push_back(&span);
  };
  for (const Span& span : spans_) {
    const LineEnds& ends = *span.ends;
    if (!ends.site.empty()) hold_against(span, ends.site);
    if (!ends.target_site.empty() && ends.target_site != ends.site) hold_against(span, ends.target_site);
  }
  return disturbed;
}

}  // namespace gnomon::store
