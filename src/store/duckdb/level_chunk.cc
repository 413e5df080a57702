#include "store/duckdb/level_chunk.h"

#include <duckdb.h>

#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"

namespace gnomon::store::duckdb {

namespace {

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

void read_digits(duckdb_vector vector, std::size_t rows, RowBlock::SketchRows& out) {
  const auto* list = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(vector));
  const auto* digits = static_cast<const std::uint8_t*>(duckdb_vector_get_data(duckdb_list_vector_get_child(vector)));
  std::uint64_t* valid = duckdb_vector_get_validity(vector);
  out.offset.assign(1, 0);
  out.digits.clear();
  // Lists mostly lie one behind the other: those that do are copied at once.
  std::uint64_t from = 0, to = 0;
  const auto copy = [&] { out.digits.insert(out.digits.end(), digits + from, digits + to); };
  for (std::size_t i = 0; i < rows; ++i) {
    if (valid == nullptr || duckdb_validity_row_is_valid(valid, i)) {
      if (list[i].offset != to) {
        copy();
        from = list[i].offset;
      }
      to = list[i].offset + list[i].length;
    }
    out.offset.push_back(static_cast<std::uint32_t>(out.digits.size() + to - from));
  }
  copy();
}

// From distances to values; those near to another come behind it.
void add_near(RowBlock& rows, Level level) {
  for (std::size_t c = 0; c < rows.scalars.size(); ++c) {
    if (rows.scalars[c].value.empty()) continue;  // not read
    const auto near = near_of(level_columns().scalars[c], level);
    if (!near) continue;
    RowBlock::Scalars& column = rows.scalars[c];
    const std::vector<std::int64_t>& from = rows.scalars[*near].value;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (column.known[i] == 0) continue;
      column.value[i] =
          static_cast<std::int64_t>(static_cast<std::uint64_t>(column.value[i]) + static_cast<std::uint64_t>(from[i]));
    }
  }
}

}  // namespace

std::string columns_to_read(Level level, const ColumnChoice& choice) {
  std::string list =
      level == Level::kRaw ? "path, start_step, start_rest_ms" : "path, start_step, start_rest_ms, windows";
  for (std::size_t c = 0; c < level_columns().scalars.size(); ++c) {
    const ScalarColumn& column = level_columns().scalars[c];
    if (!choice.has_scalar(c)) continue;
    const bool sum = level != Level::kRaw && column.aggregation == schema::Aggregation::kMean;
    list += fmt::format(", {}{}", column.name, sum ? "_sum" : "");
  }
  for (std::size_t k = 0; k < level_columns().sketches.size(); ++k) {
    if (choice.has_sketch(k)) list += ", " + level_columns().sketches[k].name;
  }
  return list;
}

void read_chunk(duckdb_data_chunk chunk, std::size_t first, Level level, const ColumnChoice& choice, RowBlock& out) {
  const std::size_t count = duckdb_data_chunk_get_size(chunk);
  std::size_t column = first;
  const auto next_vector = [&] { return duckdb_data_chunk_get_vector(chunk, column++); };
  read_fixed(next_vector(), count, out.path);
  read_fixed(next_vector(), count, out.start_ms);
  const auto* rests = static_cast<const std::uint16_t*>(duckdb_vector_get_data(next_vector()));
  for (std::size_t i = 0; i < count; ++i) out.start_ms[i] = out.start_ms[i] * kStartStepMs + rests[i];
  if (level == Level::kRaw) {
    out.windows.assign(count, 1);
  } else {
    read_fixed(next_vector(), count, out.windows);
  }
  for (std::size_t c = 0; c < out.scalars.size(); ++c) {
    if (choice.has_scalar(c)) read_scalars(next_vector(), count, out.scalars[c]);
  }
  add_near(out, level);
  if (level == Level::kRaw) out.weigh_means(0);
  for (std::size_t k = 0; k < out.sketches.size(); ++k) {
    if (choice.has_sketch(k)) read_digits(next_vector(), count, out.sketches[k]);
  }
}

}  // namespace gnomon::store::duckdb
