#include "server/live_tests.h"

#include <algorithm>

namespace gnomon::server {

namespace {

constexpr Nanoseconds kRemembered = std::chrono::minutes(10);
constexpr std::size_t kMostTests = 10'000;

bool same_access(const std::string& a, const std::string& b) {
  return a.empty() || b.empty() || a == b;
}

}  // namespace

std::optional<KnownTest> known_test(const std::string& site, const schema::AccessResult& result) {
  if (result.moved_bytes == 0 || result.duration <= Nanoseconds{}) return std::nullopt;
  return KnownTest{site, result.access, result.target_site, result.start, result.start + result.duration};
}

bool concerns(const KnownTest& test, const PathIdentity& path) {
  const auto is = [](const std::string& site, const std::string& other) { return !site.empty() && site == other; };
  return (is(test.site, path.source_site) && same_access(test.access, path.access)) ||
         is(test.site, path.target_site) || is(test.target_site, path.source_site) ||
         is(test.target_site, path.target_site);
}

void LiveTests::add(KnownTest test) {
  std::erase_if(tests_, [&](const KnownTest& other) { return test.from - other.to > kRemembered; });
  if (tests_.size() == kMostTests) tests_.pop_front();
  tests_.push_back(std::move(test));
}

bool LiveTests::disturb(const PathIdentity& path, WallTime from, WallTime to) const {
  return std::ranges::any_of(
      tests_, [&](const KnownTest& test) { return test.from < to && test.to > from && concerns(test, path); });
}

}  // namespace gnomon::server
