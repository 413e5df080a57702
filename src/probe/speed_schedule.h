#pragma once

// From a plan to the speed tests that one probe begins, and when. Pure functions of plan, place and time, so that every
// probe of a fleet comes to the same answer without asking.

#include <optional>
#include <string>

#include "core/clock.h"
#include "core/units.h"
#include "probe/plan.h"
#include "probe/schedule.h"

namespace gnomon::probe {

struct DueTest {
  std::string item;
  std::string target, target_site;
  std::string host;     // a name to resolve, or empty
  std::string address;  // a literal address, or empty
  Family family = Family::kIpv4;
  SpeedMethod method = SpeedMethod::kTcp;
  Port port;
  Nanoseconds most{};  // of a direction or load
  std::uint32_t streams = 1;
  RateSearch search = RateSearch::kB;
  TlsUse tls = TlsUse::kNone;
  WallTime start;   // not before
  WallTime latest;  // it is not begun any more after this
  WallTime end;     // it must have ended by then
  friend bool operator==(const DueTest&, const DueTest&) = default;
};

// The test of this probe whose start is the next at or after `now`; nothing when the plan has none for it. Tests of
// pairs begin at a moment of `every` that a hash of probe, item and target chooses.
std::optional<DueTest> next_test(const Plan& plan, const Place& place, WallTime now);

}  // namespace gnomon::probe
