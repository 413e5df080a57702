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
          std::span<const std::int32_t> slot, Combine combine) {
  for (std::size_t i = 0; i < slot.size(); ++i) {
    if (slot[i] < 0 || rows.known[i] == 0) continue;
    const auto s = static_cast<std::size_t>(slot[i]);
    value[s] = known[s] != 0 ? combine(value[s], rows.value[i]) : rows.value[i];
    known[s] = 1;
  }
}

}  // namespace

void BucketSums::merge(std::span<const std::int16_t> numbers, std::span<const std::uint32_t> counts) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    while (at < buckets_.size() && buckets_[at].number < numbers[i]) ++at;
    if (at < buckets_.size() && buckets_[at].number == numbers[i]) {
      buckets_[at].count += counts[i];
    } else {
      buckets_.insert(buckets_.begin() + static_cast<std::ptrdiff_t>(at), Bucket{numbers[i], counts[i]});
    }
  }
}

DelaySketch BucketSums::sketch() const {
  DelaySketch sketch;
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  for (const Bucket& b : buckets_) sketch.add_bucket(b.number, static_cast<std::uint32_t>(std::min(b.count, kMost)));
  return sketch;
}

Accumulator::Accumulator(unsigned sketches)
    : wanted_(sketches), scalars_(level_columns().scalars.size()), sketches_(level_columns().sketches.size()) {}

void Accumulator::resize(std::size_t slots) {
  windows_.resize(slots);
  record_.resize(slots);
  for (Scalars& column : scalars_) {
    column.value.resize(slots);
    column.known.resize(slots);
  }
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    if (wanted_ == kEverySketch || (wanted_ & level_columns().sketches[k].bit) != 0) sketches_[k].resize(slots);
  }
}

void Accumulator::add_scalar(std::size_t column, const RowBlock::Scalars& rows, std::span<const std::int32_t> slot) {
  auto& [value, known] = scalars_[column];
  using enum schema::Aggregation;
  switch (level_columns().scalars[column].aggregation) {
    case kSum:
    case kMean:
      return fold(value, known, rows, slot, saturating_add);
    case kMin:
      return fold(value, known, rows, slot, [](auto a, auto b) { return std::min(a, b); });
    case kMax:
      return fold(value, known, rows, slot, [](auto a, auto b) { return std::max(a, b); });
    case kOr:
      return fold(value, known, rows, slot, [](auto a, auto b) { return a | b; });
    case kNone:
    case kMerge:
      return;
  }
}

void Accumulator::add(const RowBlock& rows, std::span<const std::int32_t> slot) {
  for (std::size_t i = 0; i < slot.size(); ++i) {
    if (slot[i] < 0) continue;
    const auto s = static_cast<std::size_t>(slot[i]);
    windows_[s] += rows.windows[i];
    record_[s] = std::max(record_[s], rows.record[i]);
  }
  for (std::size_t c = 0; c < scalars_.size(); ++c) add_scalar(c, rows.scalars[c], slot);
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    const RowBlock::SketchRows& from = rows.sketches[k];
    if (sketches_[k].empty() || from.offset.size() <= slot.size()) continue;
    for (std::size_t i = 0; i < slot.size(); ++i) {
      if (slot[i] < 0) continue;
      const std::size_t begin = from.offset[i];
      const std::size_t length = from.offset[i + 1] - begin;
      sketches_[k][static_cast<std::size_t>(slot[i])].merge({from.number.data() + begin, length},
                                                            {from.count.data() + begin, length});
    }
  }
}

void Accumulator::append_to(RowBlock& rows, std::size_t slot, std::int32_t path, std::int64_t start_ms) const {
  rows.path.push_back(path);
  rows.start_ms.push_back(start_ms);
  rows.record.push_back(record_[slot]);
  rows.windows.push_back(windows_[slot]);
  for (std::size_t c = 0; c < scalars_.size(); ++c) {
    rows.scalars[c].value.push_back(scalars_[c].value[slot]);
    rows.scalars[c].known.push_back(scalars_[c].known[slot]);
  }
  for (std::size_t k = 0; k < sketches_.size(); ++k) {
    RowBlock::SketchRows& to = rows.sketches[k];
    if (!sketches_[k].empty()) {
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
      for (const BucketSums::Bucket& b : sketches_[k][slot].buckets()) {
        to.number.push_back(b.number);
        to.count.push_back(static_cast<std::uint32_t>(std::min(b.count, kMost)));
      }
    }
    to.offset.push_back(static_cast<std::uint32_t>(to.number.size()));
  }
}

}  // namespace gnomon::store
