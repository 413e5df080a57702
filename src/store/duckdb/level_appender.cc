#include <duckdb.h>

#include <cstring>

#include "store/duckdb/level_table.h"

namespace gnomon::store::duckdb {

// The chunk is filled and handed over again and again; its columns and types stand in the table's order.
struct LevelAppender::State {
  duckdb_appender appender = nullptr;
  duckdb_data_chunk chunk = nullptr;
  std::vector<duckdb_type> types;
  Level level = Level::kRaw;
  LevelLayout layout;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (chunk != nullptr) duckdb_destroy_data_chunk(&chunk);
    if (appender != nullptr) duckdb_appender_destroy(&appender);
  }
};

namespace {

tl::unexpected<Error> appender_failure(duckdb_appender appender) {
  duckdb_error_data said = duckdb_appender_error_data(appender);
  const bool known = said != nullptr && duckdb_error_data_has_error(said);
  const int type = known ? static_cast<int>(duckdb_error_data_error_type(said)) : DUCKDB_ERROR_IO;
  const std::string message = known ? duckdb_error_data_message(said) : "appender refused";
  duckdb_destroy_error_data(&said);
  return duckdb_failure(type, message, "append windows");
}

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

template <typename T>
void fill_list(duckdb_vector vector, const std::vector<std::uint32_t>& offset, const std::vector<T>& values,
               std::size_t first, std::size_t count) {
  const std::size_t begin = offset[first];
  const std::size_t total = offset[first + count] - begin;
  duckdb_list_vector_reserve(vector, total);
  duckdb_list_vector_set_size(vector, total);
  auto* entries = static_cast<duckdb_list_entry*>(duckdb_vector_get_data(vector));
  for (std::size_t i = 0; i < count; ++i) {
    entries[i] = {offset[first + i] - begin, offset[first + i + 1] - offset[first + i]};
  }
  if (total > 0) {
    std::memcpy(duckdb_vector_get_data(duckdb_list_vector_get_child(vector)), values.data() + begin, total * sizeof(T));
  }
}

}  // namespace

LevelAppender::LevelAppender(std::unique_ptr<State> state) : state_(std::move(state)) {}
LevelAppender::LevelAppender(LevelAppender&&) noexcept = default;
LevelAppender::~LevelAppender() = default;

Result<LevelAppender> LevelAppender::open(Connection& connection, std::string_view table, Level level,
                                          const LevelLayout& layout) {
  auto state = std::make_unique<State>();
  state->level = level;
  state->layout = layout;
  if (duckdb_appender_create(connection.handle(), nullptr, std::string(table).c_str(), &state->appender) !=
      DuckDBSuccess) {
    return appender_failure(state->appender);
  }
  const std::size_t columns = duckdb_appender_column_count(state->appender);
  std::vector<duckdb_logical_type> types;
  for (std::size_t c = 0; c < columns; ++c) {
    types.push_back(duckdb_appender_column_type(state->appender, c));
    state->types.push_back(duckdb_get_type_id(types.back()));
  }
  state->chunk = duckdb_create_data_chunk(types.data(), types.size());
  for (duckdb_logical_type& type : types) duckdb_destroy_logical_type(&type);
  return LevelAppender(std::move(state));
}

Status LevelAppender::append(const RowBlock& rows) {
  const std::size_t most = duckdb_vector_size();
  for (std::size_t first = 0; first < rows.size(); first += most) {
    auto status = append_chunk(rows, first, std::min(most, rows.size() - first));
    if (!status) return status;
  }
  return {};
}

Status LevelAppender::append_chunk(const RowBlock& rows, std::size_t first, std::size_t count) {
  duckdb_data_chunk chunk = state_->chunk;
  duckdb_data_chunk_reset(chunk);
  std::size_t column = 0;
  const auto next = [&] { return duckdb_data_chunk_get_vector(chunk, state_->layout.place[column++]); };
  for (const std::size_t unknown : state_->layout.unknown) {
    static const std::vector<std::uint8_t> kNone(duckdb_vector_size(), 0);
    mark_unknown(duckdb_data_chunk_get_vector(chunk, unknown), kNone.data(), count);
  }
  std::memcpy(duckdb_vector_get_data(next()), rows.path.data() + first, count * sizeof(std::int32_t));
  std::memcpy(duckdb_vector_get_data(next()), rows.start_ms.data() + first, count * sizeof(std::int64_t));
  std::memcpy(duckdb_vector_get_data(next()), rows.record.data() + first, count * sizeof(std::int64_t));
  if (state_->level != Level::kRaw) {
    std::memcpy(duckdb_vector_get_data(next()), rows.windows.data() + first, count * sizeof(std::int64_t));
  }
  for (const RowBlock::Scalars& scalars : rows.scalars) {
    const duckdb_type type = state_->types[state_->layout.place[column]];
    const duckdb_vector vector = next();
    fill_integers(vector, type, scalars.value.data() + first, count);
    mark_unknown(vector, scalars.known.data() + first, count);
  }
  for (const RowBlock::SketchRows& sketch : rows.sketches) {
    fill_list(next(), sketch.offset, sketch.number, first, count);
    fill_list(next(), sketch.offset, sketch.count, first, count);
  }
  duckdb_data_chunk_set_size(chunk, count);
  if (duckdb_append_data_chunk(state_->appender, chunk) != DuckDBSuccess) return appender_failure(state_->appender);
  return {};
}

Status LevelAppender::close() {
  if (duckdb_appender_close(state_->appender) != DuckDBSuccess) return appender_failure(state_->appender);
  return {};
}

}  // namespace gnomon::store::duckdb
