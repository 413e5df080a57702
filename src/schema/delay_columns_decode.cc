// DelayColumns::decode: from the wire to checked columns.

#include <algorithm>

#include "gnomon/v1/delay.pb.h"
#include "schema/delay_columns_layout.h"
#include "schema/packed_column.h"
#include "schema/proto_reader.h"
#include "schema/unknown.h"

namespace gnomon::schema {

namespace {

using Checked = tl::expected<void, DecodeError>;

constexpr std::uint32_t kLengthField = 1, kNumberField = 2, kCountField = 3;  // of SketchColumn

tl::unexpected<DecodeError> refuse(std::string_view reason, std::size_t row) {
  return tl::unexpected(DecodeError{reason, row});
}

template <typename T>
bool read_column(std::span<const std::byte> packed, std::span<T> out) {
  if constexpr (std::is_same_v<T, std::int64_t>) {
    return read_packed_zigzag(packed, out);
  } else {
    return read_packed(packed, out);
  }
}

// Protocol Buffers also allow a column in several pieces, or value by value. Nobody writes it so; brought into the one
// form by the library. Never larger than what it came from.
std::optional<std::string> in_one_piece(std::span<const std::byte> wire) {
  v1::DelayWindows message;
  if (!message.ParseFromArray(wire.data(), static_cast<int>(wire.size()))) return std::nullopt;
  return message.SerializeAsString();
}

// False when a column comes in more than one piece.
struct Split {
  bool is_plain = true;
  std::optional<DecodeError> error;
};

template <typename Chunks>
Split split(std::span<const std::byte> wire, const std::vector<std::size_t>& place_of_number, Chunks& chunks) {
  ProtoReader reader(wire);
  Split result;
  while (true) {
    const auto field = reader.next();
    if (!field) {
      result.error = field.error();
      return result;
    }
    if (!*field) return result;
    const std::uint32_t number = (*field)->number;
    if (number >= place_of_number.size() || place_of_number[number] == ~std::size_t{0}) continue;
    const std::size_t place = place_of_number[number];
    if (!(*field)->is_bytes || chunks.present[place]) {
      result.is_plain = false;
      continue;
    }
    chunks.present[place] = true;
    chunks.of[place] = (*field)->bytes;
  }
}

// The three columns of a sketch column; false when one comes in pieces.
bool split_sketch(std::span<const std::byte> wire, std::array<std::span<const std::byte>, 4>& out) {
  ProtoReader reader(wire);
  std::array<bool, 4> seen{};
  while (true) {
    const auto field = reader.next();
    if (!field) return false;
    if (!*field) return true;
    const std::uint32_t number = (*field)->number;
    if (number < kLengthField || number > kCountField) continue;
    if (!(*field)->is_bytes || seen[number]) return false;
    seen[number] = true;
    out[number] = (*field)->bytes;
  }
}

}  // namespace

tl::expected<DelayColumns, DecodeError> DelayColumns::decode(std::span<const std::byte> wire,
                                                             std::size_t path_count) noexcept {
  const Layout& layout = DelayColumns::layout();
  Chunks chunks{std::vector<std::span<const std::byte>>(layout.places.size()), std::vector<bool>(layout.places.size())};
  std::optional<std::string> rewritten;
  auto found = split(wire, layout.place_of_number, chunks);
  if (found.error) return refuse("columns are no Protocol Buffers message", found.error->offset);
  bool is_plain = found.is_plain;
  for (std::size_t place = 0; place < layout.places.size() && is_plain; ++place) {
    if (layout.places[place].kind != ColumnKind::kSketch) continue;
    std::array<std::span<const std::byte>, 4> parts;
    is_plain = split_sketch(chunks.of[place], parts);
  }
  if (!is_plain) {
    rewritten = in_one_piece(wire);
    if (!rewritten) return refuse("columns are no Protocol Buffers message", 0);
    chunks.present.assign(layout.places.size(), false);
    chunks.of.assign(layout.places.size(), {});
    found = split(std::as_bytes(std::span(*rewritten)), layout.place_of_number, chunks);
  }
  DelayColumns columns;
  if (auto ok = columns.read(chunks); !ok) return tl::unexpected(ok.error());
  if (auto ok = columns.check(path_count); !ok) return tl::unexpected(ok.error());
  return columns;
}

tl::expected<DelayColumns, DecodeError> DelayColumns::view(const v1::DelayWindows& columns,
                                                           std::size_t path_count) noexcept {
  const std::string wire = columns.SerializeAsString();
  return decode(std::as_bytes(std::span(wire)), path_count);
}

Checked DelayColumns::read(const Chunks& chunks) noexcept {
  const Layout& layout = DelayColumns::layout();
  size_ = count_varints(chunks.of[*delay_column("path")]);
  if (size_ > kMaximumWindows) return refuse("too many windows in one batch", size_);
  words_.resize(layout.words * size_);
  enums_.resize(layout.enums * size_);
  longs_.resize(layout.longs * size_);
  sketches_.resize(layout.sketches);
  for (std::size_t place = 0; place < layout.places.size(); ++place) {
    const auto [kind, slot] = layout.places[place];
    const auto bytes = chunks.of[place];
    const Column& column = delay_columns()[place];
    bool is_whole = true;
    switch (kind) {
      case ColumnKind::kUint32:
        is_whole = read_column(bytes, std::span(words_).subspan(slot * size_, size_));
        break;
      case ColumnKind::kEnum:
        is_whole = read_column(bytes, std::span(enums_).subspan(slot * size_, size_));
        break;
      case ColumnKind::kInt64: {
        const auto values = std::span(longs_).subspan(slot * size_, size_);
        if (column.joined_later && bytes.empty()) {
          std::ranges::fill(values, column.unknown.value_or(kUnknownCount));
        } else {
          is_whole = read_column(bytes, values);
        }
        break;
      }
      case ColumnKind::kSketch:
        if (auto ok = read_sketch(bytes, sketches_[slot]); !ok) return ok;
        break;
    }
    if (!is_whole) return refuse("columns of different lengths", std::min(count_varints(bytes), size_));
  }
  return {};
}

// Every row's buckets are checked on the way.
Checked DelayColumns::read_sketch(std::span<const std::byte> column, SketchRows& out) const noexcept {
  std::array<std::span<const std::byte>, 4> parts;
  if (!split_sketch(column, parts)) return refuse("sketch column is no Protocol Buffers message", 0);
  std::vector<std::uint32_t> length(size_);
  if (!read_packed(parts[kLengthField], std::span(length))) {
    return refuse("sketch column of different length", std::min(count_varints(parts[kLengthField]), size_));
  }
  const std::size_t buckets = count_varints(parts[kNumberField]);
  std::vector<std::int32_t> distance(buckets);
  out.count.resize(buckets);
  if (!read_packed_zigzag(parts[kNumberField], std::span(distance))) return refuse("bad varint in a sketch", 0);
  if (!read_packed(parts[kCountField], std::span(out.count)))
    return refuse("sketch with unequal numbers and counts", 0);
  out.offset.resize(size_ + 1);
  out.total.resize(size_);
  out.number.resize(buckets);
  std::size_t at = 0;
  for (std::size_t row = 0; row < size_; ++row) {
    if (length[row] > kMaximumBuckets) return refuse("sketch with too many buckets", row);
    if (length[row] > buckets - at) return refuse("sketch column is cut short", row);
    const std::size_t end = at + length[row];
    std::int64_t number = 0;
    std::uint64_t total = 0;
    for (const std::size_t begin = at; at < end; ++at) {
      if (at > begin && distance[at] <= 0) return refuse("sketch buckets do not rise", row);
      number += distance[at];
      if (number < INT16_MIN || number > INT16_MAX) return refuse("sketch bucket out of range", row);
      if (out.count[at] == 0) return refuse("sketch bucket without packets", row);
      out.number[at] = static_cast<std::int16_t>(number);
      total += out.count[at];
    }
    out.offset[row + 1] = static_cast<std::uint32_t>(end);
    out.total[row] = total;
  }
  if (at != buckets) return refuse("sketch column has bytes left over", size_);
  return {};
}

Checked DelayColumns::check(std::size_t path_count) const noexcept {
  const Layout& l = layout();
  const auto word = [this](std::size_t slot) { return words_.data() + slot * size_; };
  const auto wide = [this](std::size_t slot) { return longs_.data() + slot * size_; };
  const auto is_small = [this](std::size_t slot, std::size_t i) {
    const std::int32_t number = enums_[slot * size_ + i];
    return number >= 0 && number <= UINT8_MAX;
  };
  const auto *path = word(l.path), *sent = word(l.sent), *received = word(l.received), *lost = word(l.lost),
             *unreachable = word(l.unreachable);
  const auto *min = wide(l.rtt_min), *mean = wide(l.rtt_mean), *max = wide(l.rtt_max);
  const auto *forward_min = wide(l.forward_min), *forward_max = wide(l.forward_max);
  const auto *backward_min = wide(l.backward_min), *backward_max = wide(l.backward_max);
  const SketchRows& delays = rtt();
  for (std::size_t i = 0; i < size_; ++i) {
    if (path[i] >= path_count) return refuse("path index beyond the batch's paths", i);
    if (std::uint64_t{received[i]} + lost[i] > sent[i]) return refuse("more packets received and lost than sent", i);
    if (unreachable[i] > lost[i]) return refuse("more unreachable packets than lost ones", i);
    if (delays.total[i] > received[i]) return refuse("sketch holds more packets than received", i);
    for (const std::size_t slot : {l.lost_forward, l.lost_backward, l.reordered_forward, l.reordered_backward}) {
      const std::int64_t packets = wide(slot)[i];
      if (packets < kUnknownCount || packets > UINT32_MAX) return refuse("packet count out of range", i);
    }
    for (const std::int64_t v : {min[i], mean[i], max[i], wide(l.error_bound)[i], wide(l.clock_bound)[i]}) {
      if (v < -1) return refuse("negative round-trip delay or bound", i);
    }
    if (min[i] >= 0 && (mean[i] < min[i] || max[i] < mean[i])) {
      return refuse("minimum, mean and maximum are out of order", i);
    }
    if (forward_max[i] < forward_min[i] || backward_max[i] < backward_min[i]) {
      return refuse("one-way minimum is above the maximum", i);
    }
    if (!is_small(l.outcome, i) || !is_small(l.timestamp_source, i)) return refuse("enumeration out of range", i);
  }
  return {};
}

}  // namespace gnomon::schema
