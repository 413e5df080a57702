#pragma once

// The read side of v1::DelayWindows: a checked view, by row and by column.
//
// view() believes nothing: it refuses columns of different lengths (one that joined later may be absent: unknown), a
// path index out of range, sketches whose lengths
// do not sum up, bucket numbers that do not rise or leave 16 bits, counts that contradict each other, and more than the
// limits. It allocates at most in proportion to the message, whose own size the receiver has limited.
//
// The view borrows the message, which must stay as it is while the view lives; sketches are unpacked into the view
// once, so that a store takes whole columns. Immutable after view(): many threads may read it.

#include <cstddef>
#include <cstdint>
#include <span>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "schema/decode_error.h"
#include "schema/delay_window.h"

namespace gnomon::schema {

inline constexpr std::size_t kMaximumWindows = 100'000;  // a batch
inline constexpr std::size_t kMaximumBuckets = 4'096;    // a sketch

// A sketch column, unpacked: the buckets of row i are [offset[i], offset[i+1]) of number and count.
struct SketchRows {
  std::vector<std::uint64_t> offset;
  std::vector<std::int16_t> number;
  std::span<const std::uint32_t> count;
  std::vector<std::uint64_t> total;  // packets in row i

  [[nodiscard]] DelaySketch row(std::size_t i) const;
};

// Enum columns hold the numbers of the .proto; values of a newer schema pass.
using NumberColumn =
    std::variant<std::span<const std::uint32_t>, std::span<const std::int32_t>, std::span<const std::int64_t>>;

class DelayColumns {
 public:
  // `path_count`: Batch.paths. The error's offset is the row.
  static tl::expected<DelayColumns, DecodeError> view(const v1::DelayWindows& columns, std::size_t path_count) noexcept;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint32_t path_of(std::size_t row) const;
  // `base`: Batch.base_unix_ms.
  [[nodiscard]] DelayWindow row(std::size_t i, WallTime base) const;

  // Whole columns by their place in delay_columns() (schema/columns.h): numbers() for all kinds but sketches.
  [[nodiscard]] NumberColumn numbers(std::size_t column) const;
  [[nodiscard]] const SketchRows& sketches(std::size_t column) const;

  [[nodiscard]] std::span<const std::uint32_t> path() const;
  [[nodiscard]] std::span<const std::uint32_t> start_ms() const;
  [[nodiscard]] std::span<const std::uint32_t> duration_ms() const;
  [[nodiscard]] const SketchRows& rtt() const { return rtt_; }
  [[nodiscard]] const SketchRows& forward() const { return forward_; }
  [[nodiscard]] const SketchRows& backward() const { return backward_; }
  [[nodiscard]] const SketchRows& ipdv() const { return ipdv_; }

 private:
  const v1::DelayWindows* columns_ = nullptr;
  std::size_t size_ = 0;
  SketchRows rtt_, forward_, backward_, ipdv_;
  std::vector<std::int64_t> absent_;  // stands for a column that joined later and is absent: unknown in each row
};

}  // namespace gnomon::schema
