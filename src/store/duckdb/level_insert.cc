#include "store/duckdb/level_insert.h"

#include <duckdb.h>

#include <cstring>
#include <utility>

#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"

namespace gnomon::store::duckdb {

namespace {

template <typename T>
void fill(duckdb_vector vector, const std::int64_t* values, std::size_t count) {
  auto* cells = static_cast<T*>(duckdb_vector_get_data(vector));
  for (std::size_t i = 0; i < count; ++i) cells[i] = static_cast<T>(values[i]);
}

void fill_integers(duckdb_vector vector, duckdb_type type, const std::int64_t* values, std::size_t count) {
  if (type == DUCKDB_TYPE_UTINYINT) return fill<std::uint8_t>(vector, values, count);
  if (type == DUCKDB_TYPE_UINTEGER) return fill<std::uint32_t>(vector, values, count);
  return fill<std::int64_t>(vector, values, count);
}

void mark_unknown(duckdb_vector vector, const std::uint8_t* known, std::size_t count) {
  if (std::memchr(known, 0, count) == nullptr) return;
  duckdb_vector_ensure_validity_writable(vector);
  std::uint64_t* valid = duckdb_vector_get_validity(vector);
  for (std::size_t i = 0; i < count; ++i) {
    if (known[i] == 0) duckdb_validity_set_row_invalid(valid, i);
  }
}

void fill_digits(duckdb_vector vector, const RowBlock::SketchRows& rows, std::size_t first, std::size_t count) {
  const std::size_t begin = rows.offset[first];
  const std::size_t total = rows.offset[first + count] - begin;
  duckdb_list_vector_reserve(vector, total);
  duckdb_list_vector_set_size(vector, total);
  auto* entries = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector));
  for (std::size_t i = 0; i < count; ++i) {
    entries[i] = {rows.offset[first + i] - begin, rows.offset[first + i + 1] - rows.offset[first + i]};
  }
  if (total == 0) return;
  std::memcpy(duckdb_vector_get_data(duckdb_list_vector_get_child(vector)), rows.digits.data() + begin, total);
}

// Values less those they are near to. They wrap, so that any two have a distance.
const std::int64_t* distances(const RowBlock::Scalars& column, const RowBlock::Scalars& near, std::size_t first,
                              std::size_t count, std::vector<std::int64_t>& out) {
  out.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<std::uint64_t>(column.value[first + i]);
    out[i] = static_cast<std::int64_t>(value - static_cast<std::uint64_t>(near.value[first + i]));
  }
  return out.data();
}

// As level_table.cc writes them.
duckdb_type type_of(const LevelColumn& column) {
  if (column.type == "UTINYINT[]") return DUCKDB_TYPE_LIST;
  if (column.type == "UTINYINT") return DUCKDB_TYPE_UTINYINT;
  if (column.type == "USMALLINT") return DUCKDB_TYPE_USMALLINT;
  if (column.type == "INTEGER") return DUCKDB_TYPE_INTEGER;
  if (column.type == "UINTEGER") return DUCKDB_TYPE_UINTEGER;
  return DUCKDB_TYPE_BIGINT;
}

void add_result_column(duckdb_bind_info bind, const LevelColumn& column) {
  const duckdb_type id = type_of(column);
  duckdb_logical_type type = duckdb_create_logical_type(id == DUCKDB_TYPE_LIST ? DUCKDB_TYPE_UTINYINT : id);
  if (id == DUCKDB_TYPE_LIST) {
    duckdb_logical_type element = std::exchange(type, duckdb_create_list_type(type));
    duckdb_destroy_logical_type(&element);
  }
  duckdb_bind_add_result_column(bind, column.name.c_str(), type);
  duckdb_destroy_logical_type(&type);
}

}  // namespace

// What the table function reads; DuckDB holds a share of it for as long as the function is known.
struct LevelInsert::Feed {
  std::string function;
  Level level = Level::kRaw;
  std::int64_t run = 0;
  const RowSource* source = nullptr;
  std::vector<LevelColumn> columns;
  RowBlock rows;
  std::size_t at = 0;  // rows before it are handed over
  Status outcome;
  std::vector<std::int64_t> distance;  // of one column of a chunk

  // Fills the chunk with the next rows; none at the end or after an error.
  void next(duckdb_data_chunk chunk) {
    while (outcome && at == rows.size()) {
      at = 0;
      const auto more = (*source)(rows);
      if (!more) outcome = tl::unexpected(more.error());
      if (more && *more) continue;
      rows.clear();
      break;
    }
    const std::size_t count = std::min<std::size_t>(duckdb_vector_size(), rows.size() - at);
    if (count > 0) fill_chunk(chunk, at, count);
    duckdb_data_chunk_set_size(chunk, count);
    at += count;
  }

  void fill_chunk(duckdb_data_chunk chunk, std::size_t first, std::size_t count);
};

void LevelInsert::Feed::fill_chunk(duckdb_data_chunk chunk, std::size_t first, std::size_t count) {
  std::size_t column = 0;
  const auto next = [&] { return duckdb_data_chunk_get_vector(chunk, column++); };
  std::memcpy(duckdb_vector_get_data(next()), rows.path.data() + first, count * sizeof(std::int32_t));
  auto* steps = static_cast<std::int64_t*>(duckdb_vector_get_data(next()));
  auto* rests = static_cast<std::uint16_t*>(duckdb_vector_get_data(next()));
  for (std::size_t i = 0; i < count; ++i) {
    steps[i] = rows.start_ms[first + i] / kStartStepMs;
    rests[i] = static_cast<std::uint16_t>(rows.start_ms[first + i] % kStartStepMs);
  }
  std::fill_n(static_cast<std::int64_t*>(duckdb_vector_get_data(next())), count, run);
  if (level != Level::kRaw) {
    std::memcpy(duckdb_vector_get_data(next()), rows.windows.data() + first, count * sizeof(std::int64_t));
  }
  for (std::size_t c = 0; c < rows.scalars.size(); ++c) {
    const RowBlock::Scalars& scalars = rows.scalars[c];
    const duckdb_type type = type_of(columns[column]);
    const duckdb_vector vector = next();
    const auto near = near_of(level_columns().scalars[c], level);
    const std::int64_t* values =
        near ? distances(scalars, rows.scalars[*near], first, count, distance) : scalars.value.data() + first;
    fill_integers(vector, type, values, count);
    mark_unknown(vector, scalars.known.data() + first, count);
  }
  for (const RowBlock::SketchRows& sketch : rows.sketches) fill_digits(next(), sketch, first, count);
}

LevelInsert::LevelInsert(std::shared_ptr<Feed> feed) : feed_(std::move(feed)) {}
LevelInsert::LevelInsert(LevelInsert&&) noexcept = default;
LevelInsert& LevelInsert::operator=(LevelInsert&&) noexcept = default;
LevelInsert::~LevelInsert() = default;

Result<LevelInsert> LevelInsert::open(Connection& writer, const std::string& name) {
  using Share = std::shared_ptr<Feed>;
  auto feed = std::make_shared<Feed>();
  feed->function = name;
  duckdb_table_function function = duckdb_create_table_function();
  duckdb_table_function_set_name(function, name.c_str());
  duckdb_table_function_set_extra_info(function, new Share(feed),
                                       [](void* share) { delete static_cast<Share*>(share); });
  duckdb_table_function_set_bind(function, [](duckdb_bind_info bind) {
    for (const LevelColumn& column : (*static_cast<Share*>(duckdb_bind_get_extra_info(bind)))->columns) {
      add_result_column(bind, column);
    }
  });
  // One thread at a time, so that the rows keep their order.
  duckdb_table_function_set_init(function, [](duckdb_init_info init) { duckdb_init_set_max_threads(init, 1); });
  duckdb_table_function_set_function(function, [](duckdb_function_info info, duckdb_data_chunk chunk) {
    Feed& from = **static_cast<Share*>(duckdb_function_get_extra_info(info));
    from.next(chunk);
    if (!from.outcome) duckdb_function_set_error(info, from.outcome.error().reason.c_str());
  });
  const bool known = duckdb_register_table_function(writer.handle(), function) == DuckDBSuccess;
  duckdb_destroy_table_function(&function);
  if (!known) return failure(ErrorCode::kUnsupported, "open", "store", "DuckDB refused a table function");
  return LevelInsert(std::move(feed));
}

Status LevelInsert::insert(Connection& writer, Level level, std::int64_t run, const RowSource& source) {
  feed_->level = level;
  feed_->run = run;
  feed_->source = &source;
  feed_->columns = columns_of(level);
  feed_->rows.clear();
  feed_->at = 0;
  feed_->outcome = {};
  std::string names;
  for (const LevelColumn& column : feed_->columns) names += (names.empty() ? "" : ", ") + column.name;
  const auto status = writer.run(
      fmt::format("INSERT INTO {} ({}) SELECT * FROM {}()", table_of(level), names, feed_->function), "append windows");
  feed_->source = nullptr;
  return feed_->outcome ? status : feed_->outcome;
}

}  // namespace gnomon::store::duckdb
