#include "store/tail.h"

#include <algorithm>
#include <array>
#include <bit>

#include "schema/delay_columns.h"

namespace gnomon::store {

namespace {

// A row is: a set of the columns that are not zero, a set of those that are unknown, the values of the
// former (distances, zigzag), and each sketch's digits behind their number. All numbers are varints.
void write_varint(std::uint64_t value, std::vector<std::uint8_t>& bytes) {
  std::array<std::uint8_t, 10> buffer{};
  std::size_t length = 0;
  for (; value >= 0x80; value >>= 7) buffer[length++] = static_cast<std::uint8_t>(value | 0x80);
  buffer[length++] = static_cast<std::uint8_t>(value);
  bytes.insert(bytes.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(length));
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

}  // namespace

std::size_t TailChunk::add(const AppliedBatch& batch, std::span<const std::int32_t> places, std::int64_t first_ms,
                           std::int64_t end_ms) {
  for (const DroppedRange& range : batch.dropped) dropped_.push_back({batch.record, range});
  if (batch.windows == nullptr) return 0;
  const auto& columns = level_columns();
  if (columns.scalars.size() > kMostColumns) std::abort();  // the sets have no room: widen them
  std::vector<Values> values;
  for (const ScalarColumn& c : columns.scalars) values.emplace_back(batch.windows->numbers(c.place), c.unknown);
  const auto path = batch.windows->path();
  const auto start = batch.windows->start_ms();
  const std::int64_t base_ms = std::chrono::floor<std::chrono::milliseconds>(batch.base.since_epoch).count();
  std::size_t left_out = 0;
  std::array<std::int64_t, kMostColumns> value{};
  for (std::size_t row = 0; row < path.size(); ++row) {
    const std::int64_t start_ms = base_ms + start[row];
    if (start_ms < first_ms || start_ms >= end_ms) {
      ++left_out;
      continue;
    }
    newest_ms_ = std::max(newest_ms_, start_ms);
    entries_.push_back({places[path[row]], static_cast<std::uint32_t>(bytes_.size()), start_ms});
    std::uint64_t unknown = 0, other = 0;
    for (std::size_t c = 0; c < values.size(); ++c) {
      value[c] = values[c].at(row);
      if (values[c].is_unknown(value[c])) {
        unknown |= 1ULL << c;
        value[c] = 0;
      }
    }
    std::array<std::uint64_t, kMostColumns> code{};
    for (std::size_t c = 0; c < values.size(); ++c) {
      if ((unknown >> c & 1) != 0) continue;
      const auto near = columns.scalars[c].near;
      code[c] = zigzag(value[c], near ? value[*near] : 0);
      if (code[c] != 0) other |= 1ULL << c;
    }
    write_varint(other, bytes_);
    write_varint(unknown, bytes_);
    for (std::uint64_t left = other; left != 0; left &= left - 1) {
      write_varint(code[static_cast<std::size_t>(std::countr_zero(left))], bytes_);
    }
    for (const SketchColumn& sketch : columns.sketches) {
      const schema::SketchRows& from = batch.windows->sketches(sketch.place);
      buckets_.clear();
      for (auto b = from.offset[row]; b < from.offset[row + 1]; ++b)
        buckets_.push_back({from.number[b], from.count[b]});
      const bool has_near = sketch.near && (unknown >> *sketch.near & 1) == 0;
      const std::size_t length_at = bytes_.size();
      bytes_.push_back(0);
      append_sketch(buckets_, has_near ? bucket_number(value[*sketch.near]) : std::int16_t{0}, bytes_);
      const std::size_t length = bytes_.size() - length_at - 1;
      if (length < 0x80) {
        bytes_[length_at] = static_cast<std::uint8_t>(length);
        continue;
      }
      // Rare: the number of digits takes more than the byte that was left for it.
      std::vector<std::uint8_t> wide;
      write_varint(length, wide);
      bytes_[length_at] = wide.front();
      bytes_.insert(bytes_.begin() + static_cast<std::ptrdiff_t>(length_at) + 1, wide.begin() + 1, wide.end());
    }
  }
  return left_out;
}

void TailChunk::close() {
  std::ranges::stable_sort(entries_, {}, [](const Entry& e) { return std::pair(e.path, e.start_ms); });
  entries_.shrink_to_fit();
  bytes_.shrink_to_fit();
  buckets_ = {};
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
