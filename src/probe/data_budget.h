#pragma once

// How much a probe may move in capacity tests each month: lines that are paid for by the byte (5G) must not surprise
// anybody. Counts per calendar month of UTC; what was used survives a restart as one line of text.
//
// Not thread-safe. A month that is over is forgotten; a clock that goes back into an earlier month begins no new one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/units.h"

namespace gnomon::probe {

class DataBudget {
 public:
  // Without a limit everything is allowed, and still counted.
  explicit DataBudget(std::optional<ByteCount> per_month) : per_month_(per_month) {}

  // May a test begin that is expected to move so much?
  [[nodiscard]] bool allows(WallTime now, ByteCount expected);
  // What a test has moved, whether it was allowed or not.
  void spend(WallTime now, ByteCount moved);

  [[nodiscard]] ByteCount used(WallTime now);
  // Nothing without a limit.
  [[nodiscard]] std::optional<ByteCount> left(WallTime now);
  void set_limit(std::optional<ByteCount> per_month) { per_month_ = per_month; }

  // "2026-11 1234567": the month, and bytes used in it.
  [[nodiscard]] std::string text() const;
  // Takes over what text() gave; false, and nothing changes, when it is no such text.
  bool restore(std::string_view text);

 private:
  void turn(WallTime now);

  std::optional<ByteCount> per_month_;
  int month_ = 0;  // 12 × year + month, from January as 0
  std::uint64_t used_ = 0;
};

}  // namespace gnomon::probe
