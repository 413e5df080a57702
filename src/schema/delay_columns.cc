#include "schema/delay_columns.h"

#include <algorithm>
#include <cassert>

#include "gnomon/v1/delay.pb.h"
#include "schema/columns.h"
#include "schema/unknown.h"

namespace gnomon::schema {

namespace {

using Checked = tl::expected<void, DecodeError>;

tl::unexpected<DecodeError> refuse(std::string_view reason, std::size_t row) {
  return tl::unexpected(DecodeError{reason, row});
}

template <typename T>
std::span<const T> span_of(const google::protobuf::RepeatedField<T>& field) {
  return {field.data(), static_cast<std::size_t>(field.size())};
}

template <typename T>
std::span<const T> raw_column(const v1::DelayWindows& columns, const google::protobuf::FieldDescriptor* field) {
// The only access by descriptor that gives the array itself; its successor gives one value at a time.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  return span_of(columns.GetReflection()->GetRepeatedField<T>(columns, field));
#pragma GCC diagnostic pop
}

bool is_absent(const v1::DelayWindows& columns, const google::protobuf::FieldDescriptor& field) {
  return field.options().GetExtension(v1::column).joined_later() &&
         columns.GetReflection()->FieldSize(columns, &field) == 0;
}

Checked check_lengths(const v1::DelayWindows& columns, std::size_t rows) {
  if (rows > kMaximumWindows) return refuse("too many windows in one batch", rows);
  const auto* descriptor = columns.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (!field->is_repeated()) continue;  // a sketch; its lengths are checked with its rows
    if (is_absent(columns, *field)) continue;
    const auto size = static_cast<std::size_t>(columns.GetReflection()->FieldSize(columns, field));
    if (size != rows) return refuse("columns of different lengths", std::min(size, rows));
  }
  return {};
}

// Unpacks one sketch column; every row's buckets are checked on the way.
Checked unpack(const v1::SketchColumn& column, std::size_t rows, SketchRows& out) {
  const auto length = span_of(column.length());
  const auto distance = span_of(column.number());
  const auto count = span_of(column.count());
  if (length.size() != rows) return refuse("sketch column of different length", std::min(length.size(), rows));
  if (distance.size() != count.size()) return refuse("sketch with unequal numbers and counts", 0);
  out.offset.reserve(rows + 1);
  out.offset.push_back(0);
  out.total.reserve(rows);
  out.number.reserve(distance.size());
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t begin = out.offset.back();
    if (length[row] > kMaximumBuckets) return refuse("sketch with too many buckets", row);
    if (length[row] > distance.size() - begin) return refuse("sketch column is cut short", row);
    std::int64_t number = 0;
    std::uint64_t total = 0;
    for (std::size_t at = begin; at < begin + length[row]; ++at) {
      if (at > begin && distance[at] <= 0) return refuse("sketch buckets do not rise", row);
      number += distance[at];
      if (number < INT16_MIN || number > INT16_MAX) return refuse("sketch bucket out of range", row);
      if (count[at] == 0) return refuse("sketch bucket without packets", row);
      out.number.push_back(static_cast<std::int16_t>(number));
      total += count[at];
    }
    out.offset.push_back(begin + length[row]);
    out.total.push_back(total);
  }
  if (out.offset.back() != distance.size()) return refuse("sketch column has bytes left over", rows);
  out.count = count;
  return {};
}

// Of a column that may be absent.
std::int64_t count_at(const google::protobuf::RepeatedField<std::int64_t>& column, int row) {
  return column.empty() ? kUnknownCount : column.Get(row);
}

Checked check_counts(const v1::DelayWindows& c, int i, const SketchRows& rtt) {
  const auto row = static_cast<std::size_t>(i);
  const std::uint64_t answered_or_lost = std::uint64_t{c.received(i)} + c.lost(i);
  if (answered_or_lost > c.sent(i)) return refuse("more packets received and lost than sent", row);
  if (c.late(i) > c.lost(i)) return refuse("more late packets than lost ones", row);
  if (c.unreachable(i) > c.lost(i)) return refuse("more unreachable packets than lost ones", row);
  if (rtt.total[row] > c.received(i)) return refuse("sketch holds more packets than received", row);
  for (const std::int64_t packets :
       {c.lost_forward(i), c.lost_backward(i), c.reordered_forward(i), count_at(c.reordered_backward(), i)}) {
    if (packets < kUnknownCount || packets > UINT32_MAX) return refuse("packet count out of range", row);
  }
  return {};
}

Checked check_delays(const v1::DelayWindows& c, int i) {
  const auto row = static_cast<std::size_t>(i);
  for (const std::int64_t v : {c.rtt_min(i), c.rtt_mean(i), c.rtt_max(i), c.error_bound(i), c.clock_bound(i)}) {
    if (v < -1) return refuse("negative round-trip delay or bound", row);
  }
  if (c.rtt_min(i) >= 0 && (c.rtt_mean(i) < c.rtt_min(i) || c.rtt_max(i) < c.rtt_mean(i))) {
    return refuse("minimum, mean and maximum are out of order", row);
  }
  if (c.forward_max(i) < c.forward_min(i) || c.backward_max(i) < c.backward_min(i)) {
    return refuse("one-way minimum is above the maximum", row);
  }
  const auto is_small = [](int number) { return number >= 0 && number <= UINT8_MAX; };
  if (!is_small(c.outcome(i)) || !is_small(c.timestamp_source(i))) return refuse("enumeration out of range", row);
  return {};
}

std::optional<Nanoseconds> delay(std::int64_t value, std::int64_t unknown) {
  if (value == unknown) return std::nullopt;
  return Nanoseconds(value);
}

std::optional<std::uint32_t> packets(std::int64_t value) {
  if (value == kUnknownCount) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

}  // namespace

DelaySketch SketchRows::row(std::size_t i) const {
  DelaySketch sketch;
  for (std::uint64_t at = offset[i]; at < offset[i + 1]; ++at) sketch.add_bucket(number[at], count[at]);
  return sketch;
}

tl::expected<DelayColumns, DecodeError> DelayColumns::view(const v1::DelayWindows& columns,
                                                           std::size_t path_count) noexcept {
  DelayColumns view;
  view.columns_ = &columns;
  view.size_ = static_cast<std::size_t>(columns.path_size());
  if (auto ok = check_lengths(columns, view.size_); !ok) return tl::unexpected(ok.error());
  const std::pair<const v1::SketchColumn*, SketchRows*> sketches[] = {{&columns.rtt(), &view.rtt_},
                                                                      {&columns.forward(), &view.forward_},
                                                                      {&columns.backward(), &view.backward_},
                                                                      {&columns.ipdv(), &view.ipdv_}};
  for (const auto& [column, rows] : sketches) {
    if (auto ok = unpack(*column, view.size_, *rows); !ok) return tl::unexpected(ok.error());
  }
  if (columns.reordered_backward().empty()) view.absent_.assign(view.size_, kUnknownCount);
  for (int i = 0; i < columns.path_size(); ++i) {
    if (columns.path(i) >= path_count)
      return refuse("path index beyond the batch's paths", static_cast<std::size_t>(i));
    if (auto ok = check_counts(columns, i, view.rtt_); !ok) return tl::unexpected(ok.error());
    if (auto ok = check_delays(columns, i); !ok) return tl::unexpected(ok.error());
  }
  return view;
}

std::uint32_t DelayColumns::path_of(std::size_t row) const {
  return columns_->path(static_cast<int>(row));
}
std::span<const std::uint32_t> DelayColumns::path() const {
  return span_of(columns_->path());
}
std::span<const std::uint32_t> DelayColumns::start_ms() const {
  return span_of(columns_->start_ms());
}
std::span<const std::uint32_t> DelayColumns::duration_ms() const {
  return span_of(columns_->duration_ms());
}

DelayWindow DelayColumns::row(std::size_t row, WallTime base) const {
  const v1::DelayWindows& c = *columns_;
  const auto i = static_cast<int>(row);
  DelayWindow w;
  w.start = base + std::chrono::milliseconds(c.start_ms(i));
  w.duration = std::chrono::milliseconds(c.duration_ms(i));
  w.outcome = static_cast<Outcome>(c.outcome(i));
  w.marks = c.marks(i);
  w.sent = c.sent(i);
  w.received = c.received(i);
  w.lost = c.lost(i);
  w.duplicated = c.duplicated(i);
  w.reordered = c.reordered(i);
  w.late = c.late(i);
  w.stray = c.stray(i);
  w.unreachable = c.unreachable(i);
  w.lost_forward = packets(c.lost_forward(i));
  w.lost_backward = packets(c.lost_backward(i));
  w.reordered_forward = packets(c.reordered_forward(i));
  w.reordered_backward = packets(count_at(c.reordered_backward(), i));
  w.rtt_min = delay(c.rtt_min(i), kUnknownRoundTrip);
  w.rtt_mean = delay(c.rtt_mean(i), kUnknownRoundTrip);
  w.rtt_max = delay(c.rtt_max(i), kUnknownRoundTrip);
  w.forward_min = delay(c.forward_min(i), kUnknownOneWay);
  w.forward_max = delay(c.forward_max(i), kUnknownOneWay);
  w.backward_min = delay(c.backward_min(i), kUnknownOneWay);
  w.backward_max = delay(c.backward_max(i), kUnknownOneWay);
  w.timestamp_source = static_cast<TimestampSource>(c.timestamp_source(i));
  w.error_bound = delay(c.error_bound(i), kUnknownBound);
  w.clock_bound = delay(c.clock_bound(i), kUnknownBound);
  w.rtt = rtt_.row(row);
  w.forward = forward_.row(row);
  w.backward = backward_.row(row);
  w.ipdv = ipdv_.row(row);
  return w;
}

NumberColumn DelayColumns::numbers(std::size_t column) const {
  const auto* field = columns_->GetDescriptor()->field(static_cast<int>(column));
  switch (schema::delay_columns()[column].kind) {
    case ColumnKind::kUint32:
      return raw_column<std::uint32_t>(*columns_, field);
    case ColumnKind::kInt64:
      if (is_absent(*columns_, *field)) return std::span<const std::int64_t>(absent_);
      return raw_column<std::int64_t>(*columns_, field);
    case ColumnKind::kEnum:
      return raw_column<std::int32_t>(*columns_, field);
    case ColumnKind::kSketch:
      break;
  }
  assert(false && "a sketch has no single number column");
  return std::span<const std::uint32_t>{};
}

const SketchRows& DelayColumns::sketches(std::size_t column) const {
  const std::string_view name = schema::delay_columns()[column].name;
  if (name == "forward") return forward_;
  if (name == "backward") return backward_;
  if (name == "ipdv") return ipdv_;
  assert(name == "rtt");
  return rtt_;
}

}  // namespace gnomon::schema
