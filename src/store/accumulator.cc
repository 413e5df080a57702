#include "store/accumulator.h"

#include <limits>

namespace gnomon::store {

namespace {

std::int64_t saturating_add(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? std::numeric_limits<std::int64_t>::min() : std::numeric_limits<std::int64_t>::max();
}

template <typename Combine>
void fold(std::vector<std::int64_t>& value, std::vector<std::uint8_t>& known, const RowBlock::Scalars& rows,
          std::size_t first, std::span<const std::int32_t> slot, Combine combine) {
  for (std::size_t i = 0; i < slot.size(); ++i) {
    if (slot[i] < 0 || rows.known[first + i] == 0) continue;
    const auto s = static_cast<std::size_t>(slot[i]);
    value[s] = known[s] != 0 ? combine(value[s], rows.value[first + i]) : rows.value[first + i];
    known[s] = 1;
  }
}

}  // namespace

Accumulator::Accumulator(ColumnChoice choice)
    : choice_(std::move(choice)),
      scalars_(level_columns().scalars.size()),
      sketches_(level_columns().sketches.size()) {}

void Accumulator::resize(std::size_t slots) {
  windows_.resize(slots);
  for (std::size_t c = 0; c < scalars_.size(); ++c) {
    if (!choice_.has_scalar(c)) continue;
    scalars_[c].value.resize(slots);
    scalars_[c].known.resize(slots);
  }
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    // More than are in use may be left from restart().
    if (choice_.has_sketch(k) && sketches_[k].size() < slots) sketches_[k].resize(slots);
  }
}

void Accumulator::restart(std::size_t slots) {
  for (std::vector<BucketSum>& column : sketches_) {
    for (std::size_t s = 0; s < std::min(windows_.size(), column.size()); ++s) column[s].clear();
  }
  windows_.assign(slots, 0);
  for (Scalars& column : scalars_) {
    column.value.clear();
    column.known.clear();
  }
  resize(slots);
}

void Accumulator::add_scalar(std::size_t column, const RowBlock::Scalars& rows, std::size_t first,
                             std::span<const std::int32_t> slot) {
  auto& [value, known] = scalars_[column];
  using enum schema::Aggregation;
  switch (level_columns().scalars[column].aggregation) {
    case kSum:
    case kMean:
      return fold(value, known, rows, first, slot, saturating_add);
    case kMin:
      return fold(value, known, rows, first, slot, [](auto a, auto b) { return std::min(a, b); });
    case kMax:
      return fold(value, known, rows, first, slot, [](auto a, auto b) { return std::max(a, b); });
    case kOr:
      return fold(value, known, rows, first, slot, [](auto a, auto b) { return a | b; });
    case kNone:
    case kMerge:
    case kMedian:  // of results by row, of which no level has any
      return;
  }
}

void Accumulator::add(const RowBlock& rows, std::size_t first, std::span<const std::int32_t> slot) {
  for (std::size_t i = 0; i < slot.size(); ++i) {
    if (slot[i] >= 0) windows_[static_cast<std::size_t>(slot[i])] += rows.windows[first + i];
  }
  for (std::size_t c = 0; c < scalars_.size(); ++c) {
    if (choice_.has_scalar(c)) add_scalar(c, rows.scalars[c], first, slot);
  }
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    if (!sketches_[k].empty() && rows.sketches[k].offset.size() > first + slot.size()) {
      add_sketches(k, rows, first, slot);
    }
  }
}

// The sums of a query lie all over a larger memory than the processor's own: each is asked for some rows ahead, first
// what it is, then the counts that it holds.
void Accumulator::add_sketches(std::size_t column, const RowBlock& rows, std::size_t first,
                               std::span<const std::int32_t> slot) {
  constexpr std::size_t kFar = 12, kNear = 6;
  std::vector<BucketSum>& sums = sketches_[column];
  near_.resize(slot.size());
  for (std::size_t i = 0; i < slot.size(); ++i) near_[i] = slot[i] < 0 ? std::int16_t{0} : rows.near(column, first + i);
  const RowBlock::SketchRows& from = rows.sketches[column];
  for (std::size_t i = 0; i < slot.size(); ++i) {
    if (i + kFar < slot.size() && slot[i + kFar] >= 0) {
      __builtin_prefetch(&sums[static_cast<std::size_t>(slot[i + kFar])]);
    }
    if (i + kNear < slot.size() && slot[i + kNear] >= 0) {
      sums[static_cast<std::size_t>(slot[i + kNear])].expect(near_[i + kNear]);
    }
    const std::size_t row = first + i;
    if (slot[i] < 0 || from.offset[row] == from.offset[row + 1]) continue;
    sums[static_cast<std::size_t>(slot[i])].add(read_sketch(from.of(row), near_[i], read_));
  }
}

void Accumulator::append_to(RowBlock& rows, std::size_t slot, std::int32_t path, std::int64_t start_ms) const {
  std::vector<SketchBucket> room;
  const std::size_t row = rows.size();
  rows.path.push_back(path);
  rows.start_ms.push_back(start_ms);
  rows.windows.push_back(windows_[slot]);
  for (std::size_t c = 0; c < scalars_.size(); ++c) {
    rows.scalars[c].value.push_back(scalars_[c].value[slot]);
    rows.scalars[c].known.push_back(scalars_[c].known[slot]);
  }
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    if (!sketches_[k].empty())
      append_sketch(sketches_[k][slot].buckets(room), rows.near(k, row), rows.sketches[k].digits);
    rows.sketches[k].end_row();
  }
}

}  // namespace gnomon::store
