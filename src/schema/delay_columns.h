#pragma once

// The read side of v1::DelayWindows: checked columns, read straight from their wire form, by row and by column.
//
// decode() believes nothing: it refuses columns of different lengths (one that joined later may be absent: unknown), a
// path index out of range, sketches whose lengths do not sum up, bucket numbers that do not rise or leave 16 bits,
// counts that contradict each other, and more than the limits. It allocates at most in proportion to its input, whose
// size the receiver has limited.
//
// Owns everything; immutable after decode(): many threads may read it. Pure functions.

#include <array>
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
  std::vector<std::uint32_t> offset;
  std::vector<std::int16_t> number;
  std::vector<std::uint32_t> count;
  std::vector<std::uint64_t> total;  // packets in row i

  [[nodiscard]] DelaySketch row(std::size_t i) const;
};

// Enum columns hold the numbers of the .proto; values of a newer schema pass.
using NumberColumn =
    std::variant<std::span<const std::uint32_t>, std::span<const std::int32_t>, std::span<const std::int64_t>>;

class DelayColumns {
 public:
  DelayColumns();  // no rows
  // `wire`: a serialised DelayWindows. `path_count`: Batch.paths. The error's offset is the row.
  static tl::expected<DelayColumns, DecodeError> decode(std::span<const std::byte> wire,
                                                        std::size_t path_count) noexcept;
  // The same of a message at hand.
  static tl::expected<DelayColumns, DecodeError> view(const v1::DelayWindows& columns, std::size_t path_count) noexcept;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::uint32_t path_of(std::size_t row) const { return path()[row]; }
  // `base`: Batch.base_unix_ms.
  [[nodiscard]] DelayWindow row(std::size_t i, WallTime base) const;

  // Whole columns by their place in delay_columns() (schema/columns.h): numbers() for all kinds but sketches.
  [[nodiscard]] NumberColumn numbers(std::size_t column) const;
  [[nodiscard]] const SketchRows& sketches(std::size_t column) const;

  [[nodiscard]] std::span<const std::uint32_t> path() const;
  [[nodiscard]] std::span<const std::uint32_t> start_ms() const;
  [[nodiscard]] std::span<const std::uint32_t> duration_ms() const;
  [[nodiscard]] std::span<const std::uint32_t> marks() const;
  [[nodiscard]] std::span<const std::uint32_t> sent() const;
  [[nodiscard]] std::span<const std::uint32_t> lost() const;
  [[nodiscard]] std::span<const std::int32_t> outcome() const;
  [[nodiscard]] const SketchRows& rtt() const;
  [[nodiscard]] const SketchRows& forward() const;
  [[nodiscard]] const SketchRows& backward() const;
  [[nodiscard]] const SketchRows& ipdv() const;

  // What it holds on the heap, for those who bound how much they keep.
  [[nodiscard]] std::size_t memory_bytes() const;

 private:
  struct Layout;
  struct Chunks;
  static const Layout& layout();
  tl::expected<void, DecodeError> read(const Chunks& chunks) noexcept;
  tl::expected<void, DecodeError> read_sketch(std::span<const std::byte> column, SketchRows& out) const noexcept;
  tl::expected<void, DecodeError> check(std::size_t path_count) const noexcept;

  // Column after column, each `size_` long, in the order of the schema.
  std::size_t size_ = 0;
  std::vector<std::uint32_t> words_;
  std::vector<std::int32_t> enums_;
  std::vector<std::int64_t> longs_;
  std::vector<SketchRows> sketches_;
};

}  // namespace gnomon::schema
