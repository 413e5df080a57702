#include "store/tail.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "schema/delay_columns.h"

namespace gnomon::store {

namespace {

// A row is: a set of the columns that are not zero, a set of those that are unknown, the values of the
// former (distances, zigzag), and each sketch's digits behind their number. All numbers are varints.
constexpr std::size_t kMostVarintBytes = 10;

std::uint8_t* write_varint(std::uint64_t value, std::uint8_t* to) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<std::uint8_t>(value | 0x80);
  *to++ = static_cast<std::uint8_t>(value);
  return to;
}

std::uint64_t read_varint(const std::uint8_t*& at) {
  std::uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const std::uint8_t byte = *at++;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return value;
  }
}

// Distances wrap, so that any two values have one.
std::uint64_t zigzag(std::int64_t value, std::int64_t near) {
  const std::uint64_t distance = static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(near);
  return distance << 1 ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(distance) >> 63);
}
std::int64_t unzigzag(std::uint64_t code, std::int64_t near) {
  const std::uint64_t distance = code >> 1 ^ (0 - (code & 1));
  return static_cast<std::int64_t>(distance + static_cast<std::uint64_t>(near));
}

// One column of a batch, whatever its width.
class Values {
 public:
  Values(const schema::NumberColumn& column, std::optional<std::int64_t> unknown) : unknown_(unknown) {
    std::visit(
        [&]<typename T>(std::span<const T> values) {
          data_ = values.data();
          kind_ = std::is_same_v<T, std::uint32_t> ? 0 : std::is_same_v<T, std::int32_t> ? 1 : 2;
        },
        column);
  }
  [[nodiscard]] std::int64_t at(std::size_t row) const {
    if (kind_ == 0) return static_cast<const std::uint32_t*>(data_)[row];
    if (kind_ == 1) return static_cast<const std::int32_t*>(data_)[row];
    return static_cast<const std::int64_t*>(data_)[row];
  }
  [[nodiscard]] bool is_unknown(std::int64_t value) const { return unknown_ && value == *unknown_; }

 private:
  const void* data_ = nullptr;
  int kind_ = 0;
  std::optional<std::int64_t> unknown_;
};

// What the sets of columns have room for.
constexpr std::size_t kMostColumns = 64;
// Of a window with four sketches of ten packets, and something to spare.
constexpr std::size_t kUsualRowBytes = 112;

// Writes rows of one batch. Each window passes here once, so everything is looked up beforehand.
class RowWriter {
 public:
  explicit RowWriter(const schema::DelayColumns& windows) {
    const auto& columns = level_columns();
    if (columns.scalars.size() > kMostColumns) std::abort();  // the sets have no room: widen them
    for (const ScalarColumn& c : columns.scalars) values_.emplace_back(windows.numbers(c.place), c.unknown);
    for (const SketchColumn& c : columns.sketches) sketches_.push_back(&windows.sketches(c.place));
  }

  // What write() may need, at most.
  [[nodiscard]] std::size_t most_bytes(std::size_t row) const {
    std::size_t most = (2 + values_.size()) * kMostVarintBytes;
    for (const auto* s : sketches_) most += kMostVarintBytes + most_sketch_bytes(s->offset[row + 1] - s->offset[row]);
    return most;
  }

  // One behind the row.
  std::uint8_t* write(std::size_t row, std::uint8_t* to) const {
    const auto& columns = level_columns();
    std::array<std::int64_t, kMostColumns> value;
    std::array<std::uint64_t, kMostColumns> code;
    std::uint64_t unknown = 0, other = 0;
    for (std::size_t c = 0; c < values_.size(); ++c) {
      value[c] = values_[c].at(row);
      if (values_[c].is_unknown(value[c])) {
        unknown |= 1ULL << c;
        value[c] = 0;
      }
    }
    for (std::size_t c = 0; c < values_.size(); ++c) {
      const auto near = columns.scalars[c].near;
      code[c] = zigzag(value[c], near ? value[*near] : 0);
      if (code[c] != 0) other |= 1ULL << c;
    }
    other &= ~unknown;
    to = write_varint(other, to);
    to = write_varint(unknown, to);
    for (std::uint64_t left = other; left != 0; left &= left - 1) {
      to = write_varint(code[static_cast<std::size_t>(std::countr_zero(left))], to);
    }
    for (std::size_t k = 0; k < sketches_.size(); ++k) {
      const auto near = columns.sketches[k].near;
      const bool has_near = near && (unknown >> *near & 1) == 0;
      to = write_digits(*sketches_[k], row, has_near ? value[*near] : 0, to);
    }
    return to;
  }

 private:
  // The digits behind their number.
  std::uint8_t* write_digits(const schema::SketchRows& from, std::size_t row, std::int64_t near,
                             std::uint8_t* to) const {
    const std::size_t first = from.offset[row];
    const std::size_t count = from.offset[row + 1] - first;
    if (count == 0) {
      *to++ = 0;
      return to;
    }
    buckets_.resize(count);
    for (std::size_t b = 0; b < count; ++b) buckets_[b] = {from.number[first + b], from.count[first + b]};
    std::uint8_t* const digits = to + 1;
    std::uint8_t* const end = write_sketch(buckets_, bucket_number(near), digits);
    const auto length = static_cast<std::size_t>(end - digits);
    if (length < 0x80) {
      *to = static_cast<std::uint8_t>(length);
      return end;
    }
    // Rare: the number of digits takes more than the byte that was left for it.
    std::array<std::uint8_t, kMostVarintBytes> number;
    const auto wide = static_cast<std::size_t>(write_varint(length, number.data()) - number.data());
    std::memmove(to + wide, digits, length);
    std::memcpy(to, number.data(), wide);
    return to + wide + length;
  }

  std::vector<Values> values_;
  std::vector<const schema::SketchRows*> sketches_;
  mutable std::vector<SketchBucket> buckets_;  // of one row
};

}  // namespace

void TailChunk::reserve(std::size_t windows) {
  entries_.reserve(windows);
  bytes_.reserve(windows * kUsualRowBytes);
}

std::size_t TailChunk::add_access(const AppliedBatch& batch, std::int64_t first_ms, std::int64_t end_ms) {
  std::size_t left_out = 0;
  for (std::uint32_t place = 0; place < batch.access.size(); ++place) {
    const schema::AccessResult& result = batch.access[place];
    const auto start_ms = std::chrono::floor<std::chrono::milliseconds>(result.start.since_epoch).count();
    if (start_ms < first_ms || start_ms >= end_ms) {
      ++left_out;
    } else {
      access_.push_back({batch.record, place, batch.header.probe, batch.header.site, result});
    }
  }
  return left_out;
}

std::size_t TailChunk::add(const AppliedBatch& batch, std::span<const std::int32_t> places, std::int64_t first_ms,
                           std::int64_t end_ms) {
  for (const DroppedRange& range : batch.dropped) dropped_.push_back({batch.record, range});
  std::size_t left_out = add_access(batch, first_ms, end_ms);
  if (batch.windows == nullptr) return left_out;
  const RowWriter writer(*batch.windows);
  const auto path = batch.windows->path();
  const auto start = batch.windows->start_ms();
  const std::int64_t base_ms = std::chrono::floor<std::chrono::milliseconds>(batch.base.since_epoch).count();
  for (std::size_t row = 0; row < path.size(); ++row) {
    const std::int64_t start_ms = base_ms + start[row];
    if (start_ms < first_ms || start_ms >= end_ms) {
      ++left_out;
      continue;
    }
    newest_ms_ = std::max(newest_ms_, start_ms);
    entries_.push_back({places[path[row]], static_cast<std::uint32_t>(bytes_.size()), start_ms});
    const std::size_t most = writer.most_bytes(row);
    if (scratch_.size() < most) scratch_.resize(most);
    const auto written = writer.write(row, scratch_.data()) - scratch_.data();
    bytes_.insert(bytes_.end(), scratch_.begin(), scratch_.begin() + written);
  }
  return left_out;
}

void TailChunk::close() {
  std::ranges::stable_sort(entries_, {}, [](const Entry& e) { return std::pair(e.path, e.start_ms); });
  // What was reserved in vain is a small part, or given back.
  if (entries_.capacity() > entries_.size() + entries_.size() / 4) entries_.shrink_to_fit();
  if (bytes_.capacity() > bytes_.size() + bytes_.size() / 4) bytes_.shrink_to_fit();
  scratch_ = {};
}

std::span<const TailChunk::Entry> TailChunk::entries_of(std::int32_t path) const {
  const auto first = std::ranges::lower_bound(entries_, path, {}, &Entry::path);
  const auto last = std::ranges::upper_bound(first, entries_.end(), path, {}, &Entry::path);
  return {first, last};
}

void TailChunk::read(const Entry& entry, RowBlock& rows) const {
  const auto& columns = level_columns();
  const std::uint8_t* at = bytes_.data() + entry.offset;
  rows.path.push_back(entry.path);
  rows.start_ms.push_back(entry.start_ms);
  rows.windows.push_back(1);
  const std::uint64_t other = read_varint(at);
  const std::uint64_t unknown = read_varint(at);
  for (std::size_t c = 0; c < columns.scalars.size(); ++c) {
    const bool is_unknown = (unknown >> c & 1) != 0;
    const auto near = columns.scalars[c].near;
    const std::int64_t from = near && !is_unknown ? rows.scalars[*near].value.back() : 0;
    rows.scalars[c].value.push_back((other >> c & 1) != 0 ? unzigzag(read_varint(at), from) : from);
    rows.scalars[c].known.push_back(is_unknown ? 0 : 1);
  }
  for (RowBlock::SketchRows& sketch : rows.sketches) {
    const std::uint64_t length = read_varint(at);
    sketch.digits.insert(sketch.digits.end(), at, at + length);
    sketch.end_row();
    at += length;
  }
}

}  // namespace gnomon::store
