#pragma once

// Tests of access networks as the store gives them: single results, and many put together. Plain values.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.h"
#include "schema/access_result.h"

namespace gnomon::store {

// One test, known for ever by (record, place).
struct AccessRow {
  std::uint64_t record = 0;  // of the journal: the leaf of the ledger that proves it
  std::uint32_t place = 0;   // in the batch, from 0
  ProbeId probe;
  std::string site;  // where the probe stood when it tested
  schema::AccessResult result;
  friend bool operator==(const AccessRow&, const AccessRow&) = default;
};

// What summaries are cut into beside site, network, method and direction.
enum class AccessSlot : std::uint8_t {
  kNone,
  kHourOfDay,  // 0 to 23
  kDayOfWeek,  // 1, Monday, to 7 (ISO 8601)
};

// A figure over the tests that know it. The median is one of the values: the lower of the two in the middle.
struct AccessSpread {
  std::uint64_t count = 0;
  std::int64_t least = 0, median = 0, greatest = 0;
  friend bool operator==(const AccessSpread&, const AccessSpread&) = default;
};

inline constexpr std::size_t kAccessLimits = 11;  // numbers of schema::AccessLimit

// The tests of one site, access network, method and direction, and slot. Figures and verdicts are of those that are
// done and that no other test disturbed (schema::kMarkCapacityTest).
struct AccessSummary {
  std::string site;
  schema::AccessNetwork network = schema::AccessNetwork::kUnknown;
  std::string access;
  std::string method;
  schema::AccessDirection direction = schema::AccessDirection::kUnspecified;
  std::uint32_t slot = 0;  // 0 when not cut into slots

  std::uint64_t tests = 0;
  std::uint64_t done = 0;       // of them
  std::uint64_t disturbed = 0;  // of those done
  std::uint64_t moved_bytes = 0;
  WallTime newest;                                                    // start of the newest
  std::optional<AccessSpread> throughput, idle_p50, loaded_p50, rpm;  // bit/s, ns, ns, 1/min
  std::array<std::uint64_t, kAccessLimits> verdicts{};                // by schema::AccessLimit
  friend bool operator==(const AccessSummary&, const AccessSummary&) = default;
};

// Puts tests together. The list is by site, network, access, method, direction, slot. One thread; 40 bytes a test.
class AccessSummer {
 public:
  AccessSummer(AccessSlot slot, std::chrono::minutes utc_offset);
  AccessSummer(const AccessSummer&) = delete;
  AccessSummer& operator=(const AccessSummer&) = delete;
  ~AccessSummer();
  void add(const std::string& site, const schema::AccessResult& result);
  [[nodiscard]] std::vector<AccessSummary> finish();

 private:
  struct Group;
  struct Groups;
  AccessSlot slot_;
  std::chrono::minutes utc_offset_;
  std::unique_ptr<Groups> groups_;
};

}  // namespace gnomon::store
