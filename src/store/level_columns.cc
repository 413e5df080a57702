#include "store/level_columns.h"

#include <algorithm>

namespace gnomon::store {

namespace {

unsigned sketch_bit(std::string_view name) {
  constexpr std::string_view kNames[] = {"rtt", "forward", "backward", "ipdv"};  // in the order of store::Sketches
  for (unsigned i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) return 1U << i;
  }
  return 0;
}

LevelColumns read_schema() {
  LevelColumns columns;
  const auto all = schema::delay_columns();
  for (std::size_t place = 0; place < all.size(); ++place) {
    const schema::Column& column = all[place];
    if (column.aggregation == schema::Aggregation::kNone) continue;
    const std::string name(column.name);
    if (column.kind == schema::ColumnKind::kSketch) {
      columns.sketches.push_back({name, place, sketch_bit(name), std::nullopt});
      continue;
    }
    if (name == "received") columns.received = columns.scalars.size();
    columns.scalars.push_back({name, place, column.kind, column.aggregation, column.unknown, std::nullopt});
  }
  const auto scalar = [&](std::string_view name) -> std::optional<std::size_t> {
    const auto at = std::ranges::find(columns.scalars, name, &ScalarColumn::name);
    if (at == columns.scalars.end()) return std::nullopt;
    return static_cast<std::size_t>(at - columns.scalars.begin());
  };
  for (std::size_t c = 0; c < columns.scalars.size(); ++c) {
    const auto near = scalar(all[columns.scalars[c].place].near);
    if (near && *near < c) columns.scalars[c].near = near;  // a row is read column by column
  }
  for (SketchColumn& column : columns.sketches) column.near = scalar(all[column.place].near);
  return columns;
}

}  // namespace

ColumnChoice::ColumnChoice(Numbers numbers, unsigned sketches)
    : scalars_(level_columns().scalars.size(), numbers == Numbers::kAll), sketches_(sketches) {
  constexpr std::string_view kPackets[] = {"duration_ms", "sent", "received", "lost"};
  const auto& columns = level_columns();
  for (std::size_t c = 0; c < columns.scalars.size(); ++c) {
    if (std::ranges::find(kPackets, columns.scalars[c].name) != std::end(kPackets)) add(c);
  }
  for (std::size_t k = 0; k < columns.sketches.size(); ++k) {
    if (has_sketch(k) && columns.sketches[k].near) add(*columns.sketches[k].near);
  }
}

void ColumnChoice::add(std::size_t scalar) {
  scalars_[scalar] = true;
  if (const auto near = level_columns().scalars[scalar].near) add(*near);
}

const LevelColumns& level_columns() {
  static const LevelColumns columns = read_schema();
  return columns;
}

std::optional<std::size_t> near_of(const ScalarColumn& column, Level level) {
  if (level != Level::kRaw && column.aggregation == schema::Aggregation::kMean) return std::nullopt;
  return column.near;
}

Nanoseconds bucket_of(Level level) {
  switch (level) {
    case Level::kRaw:
      return Nanoseconds(0);
    case Level::kMinute:
      return std::chrono::minutes(1);
    case Level::kHour:
      return std::chrono::hours(1);
    case Level::kDay:
      return std::chrono::hours(24);
  }
  return Nanoseconds(0);
}

std::string_view to_string(Level level) {
  switch (level) {
    case Level::kRaw:
      return "raw";
    case Level::kMinute:
      return "1m";
    case Level::kHour:
      return "1h";
    case Level::kDay:
      return "1d";
  }
  return "raw";
}

}  // namespace gnomon::store
