#include "store/level_columns.h"

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
      columns.sketches.push_back({name, place, sketch_bit(name)});
      continue;
    }
    if (name == "received") columns.received = columns.scalars.size();
    columns.scalars.push_back({name, place, column.kind, column.aggregation, column.unknown});
  }
  return columns;
}

}  // namespace

const LevelColumns& level_columns() {
  static const LevelColumns columns = read_schema();
  return columns;
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
