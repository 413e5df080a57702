#include "server/live_tests.h"

#include <algorithm>

#include "store/disturbed_tests.h"

namespace gnomon::server {

namespace {

constexpr Nanoseconds kRemembered = std::chrono::minutes(10);
constexpr std::size_t kMostOfSite = 1'000;

}  // namespace

std::optional<KnownTest> known_test(const std::string& site, const schema::AccessResult& result) {
  if (result.moved_bytes == 0 || result.duration <= Nanoseconds{}) return std::nullopt;
  return KnownTest{site, result.access, result.target_site, result.start, result.start + result.duration};
}

bool concerns(const KnownTest& test, const PathIdentity& path) {
  return store::share_a_line({test.site, test.access, test.target_site},
                             {path.source_site, path.access, path.target_site});
}

void LiveTests::add(const KnownTest& test) {
  for (const std::string& site : {test.site, test.target_site}) {
    if (site.empty()) continue;
    std::deque<KnownTest>& known = by_site_[site];
    std::erase_if(known, [&](const KnownTest& other) { return test.from - other.to > kRemembered; });
    if (known.size() == kMostOfSite) known.pop_front();
    known.push_back(test);
  }
}

bool LiveTests::disturb(const PathIdentity& path, WallTime from, WallTime to) const {
  const auto is_disturbed_at = [&](const std::string& site) {
    const auto known = by_site_.find(site);
    return known != by_site_.end() && std::ranges::any_of(known->second, [&](const KnownTest& test) {
             return test.from < to && test.to > from && concerns(test, path);
           });
  };
  return is_disturbed_at(path.source_site) || is_disturbed_at(path.target_site);
}

}  // namespace gnomon::server
