#pragma once

// Which tests of access networks ran beside another that filled the same line (docs/adr/0017): what they say of the
// line is half of the truth. Two programs that test the same access, or at the same site's servers, do not know of each
// other; their results do. Plain values; one thread.

#include <chrono>
#include <compare>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "store/access.h"

namespace gnomon::store {

// Less than that of two tests at the same time changes neither.
inline constexpr Nanoseconds kLeastOverlap = std::chrono::milliseconds(100);
// No test takes longer: what is further away need not be looked at.
inline constexpr Nanoseconds kLongestTest = std::chrono::minutes(10);

// Where something ran: from a site over one of its accesses to another site. Empty: not known; an access that is not
// named may be any of its site.
struct LineEnds {
  std::string site, access, target_site;
  friend auto operator<=>(const LineEnds&, const LineEnds&) = default;
};

// Whether a test fills a line that the other passes. Which access of its target's site it takes is not known.
bool share_a_line(const LineEnds& test, const LineEnds& other);

struct TestName {
  std::uint64_t record = 0;
  std::uint32_t place = 0;
  friend auto operator<=>(const TestName&, const TestName&) = default;
};
using DisturbedTests = std::set<TestName>;

// Takes 48 bytes a test.
class DisturbanceFinder {
 public:
  // In any order. One that moved nothing disturbs nobody, and nobody disturbs it.
  void add(const AccessRow& row);
  // Those that began in [from, to).
  [[nodiscard]] DisturbedTests finish(WallTime from, WallTime to);

 private:
  struct Span {
    TestName name;
    WallTime from, to;
    const LineEnds* ends = nullptr;
  };
  std::set<LineEnds> ends_;
  std::vector<Span> spans_;
};

}  // namespace gnomon::store
