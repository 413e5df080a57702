#include <duckdb.h>

#include <cstring>

#include "store/accumulator.h"
#include "store/duckdb/level_table.h"

namespace gnomon::store::duckdb {

namespace {

bool is_wanted(unsigned sketches, const SketchColumn& column) {
  return sketches == Accumulator::kEverySketch || (sketches & column.bit) != 0;
}

template <typename T>
void copy_numbers(duckdb_vector vector, std::size_t count, std::vector<std::int64_t>& out) {
  const auto* cells = static_cast<const T*>(duckdb_vector_get_data(vector));
  out.assign(cells, cells + count);
}

void read_scalars(duckdb_vector vector, std::size_t count, RowBlock::Scalars& out) {
  duckdb_logical_type logical = duckdb_vector_get_column_type(vector);
  const duckdb_type type = duckdb_get_type_id(logical);
  duckdb_destroy_logical_type(&logical);
  if (type == DUCKDB_TYPE_UTINYINT) {
    copy_numbers<std::uint8_t>(vector, count, out.value);
  } else if (type == DUCKDB_TYPE_UINTEGER) {
    copy_numbers<std::uint32_t>(vector, count, out.value);
  } else {
    copy_numbers<std::int64_t>(vector, count, out.value);
  }
  out.known.assign(count, 1);
  std::uint64_t* valid = duckdb_vector_get_validity(vector);
  if (valid == nullptr) return;
  for (std::size_t i = 0; i < count; ++i) {
    if (duckdb_validity_row_is_valid(valid, i)) continue;
    out.known[i] = 0;
    out.value[i] = 0;
  }
}

template <typename T>
void read_fixed(duckdb_vector vector, std::size_t count, std::vector<T>& out) {
  const auto* cells = static_cast<const T*>(duckdb_vector_get_data(vector));
  out.assign(cells, cells + count);
}

void read_sketch(duckdb_vector numbers, duckdb_vector counts, std::size_t rows, RowBlock::SketchRows& out) {
  const auto* number_of = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(numbers));
  const auto* count_of = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(counts));
  const auto* number = static_cast<const std::int16_t*>(duckdb_vector_get_data(duckdb_list_vector_get_child(numbers)));
  const auto* count = static_cast<const std::uint32_t*>(duckdb_vector_get_data(duckdb_list_vector_get_child(counts)));
  std::uint64_t* valid = duckdb_vector_get_validity(numbers);
  out.offset.assign(1, 0);
  out.number.clear();
  out.count.clear();
  for (std::size_t i = 0; i < rows; ++i) {
    if (valid == nullptr || duckdb_validity_row_is_valid(valid, i)) {
      const auto [from, length] = number_of[i];
      out.number.insert(out.number.end(), number + from, number + from + length);
      out.count.insert(out.count.end(), count + count_of[i].offset, count + count_of[i].offset + length);
    }
    out.offset.push_back(static_cast<std::uint32_t>(out.number.size()));
  }
}

// A raw mean becomes a sum, so that rows of all levels add up alike.
void weigh(RowBlock& rows) {
  const auto& columns = level_columns();
  const std::vector<std::int64_t>& received = rows.scalars[columns.received].value;
  for (std::size_t c = 0; c < columns.scalars.size(); ++c) {
    if (columns.scalars[c].aggregation != schema::Aggregation::kMean) continue;
    std::vector<std::int64_t>& value = rows.scalars[c].value;
    for (std::size_t i = 0; i < value.size(); ++i) {
      if (__builtin_mul_overflow(value[i], received[i], &value[i])) value[i] = INT64_MAX;
    }
  }
}

}  // namespace

Result<LevelScan> LevelScan::open(Connection& connection, Level level, const std::string& where,
                                  const std::string& order, unsigned sketches) {
  std::string list = level == Level::kRaw ? "path, start_ms, record" : "path, start_ms, record, windows";
  for (const ScalarColumn& column : level_columns().scalars) {
    const bool sum = level != Level::kRaw && column.aggregation == schema::Aggregation::kMean;
    list += fmt::format(", {}{}", column.name, sum ? "_sum" : "");
  }
  for (const SketchColumn& column : level_columns().sketches) {
    if (is_wanted(sketches, column)) list += fmt::format(", {0}_number, {0}_count", column.name);
  }
  auto rows = connection.query(fmt::format("SELECT {} FROM {} WHERE {}{}{}", list, source_of(level), where,
                                           order.empty() ? "" : " ORDER BY ", order),
                               "read windows");
  if (!rows) return tl::unexpected(rows.error());
  return LevelScan(std::move(*rows), level, sketches);
}

Result<bool> LevelScan::next(RowBlock& out) {
  auto more = rows_.next();
  if (!more || !*more) return more;
  const std::size_t count = rows_.size();
  std::size_t column = 0;
  const auto next_vector = [&] { return duckdb_data_chunk_get_vector(rows_.chunk(), column++); };
  read_fixed(next_vector(), count, out.path);
  read_fixed(next_vector(), count, out.start_ms);
  read_fixed(next_vector(), count, out.record);
  if (level_ == Level::kRaw) {
    out.windows.assign(count, 1);
  } else {
    read_fixed(next_vector(), count, out.windows);
  }
  for (RowBlock::Scalars& scalars : out.scalars) read_scalars(next_vector(), count, scalars);
  if (level_ == Level::kRaw) weigh(out);
  for (std::size_t k = 0; k < out.sketches.size(); ++k) {
    if (!is_wanted(sketches_, level_columns().sketches[k])) continue;
    const duckdb_vector numbers = next_vector();
    read_sketch(numbers, next_vector(), count, out.sketches[k]);
  }
  return true;
}

}  // namespace gnomon::store::duckdb
