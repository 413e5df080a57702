#include <duckdb.h>

#include <cstring>

#include "store/duckdb/level_table.h"
#include "store/duckdb/start_sql.h"

namespace gnomon::store::duckdb {

// The chunk is filled and handed over again and again; its columns and types stand in the table's order.
struct LevelAppender::State {
  duckdb_appender appender = nullptr;
  duckdb_data_chunk chunk = nullptr;
  std::vector<duckdb_type> types;
  Level level = Level::kRaw;
  LevelLayout layout;
  std::int64_t run = 0;
  std::vector<std::int64_t> distance;  // of one column of a chunk

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

}  // namespace

LevelAppender::LevelAppender(std::unique_ptr<State> state) : state_(std::move(state)) {}
LevelAppender::LevelAppender(LevelAppender&&) noexcept = default;
LevelAppender::~LevelAppender() = default;

Result<LevelAppender> LevelAppender::open(Connection& connection, Level level, const LevelLayout& layout,
                                          std::int64_t run) {
  auto state = std::make_unique<State>();
  state->level = level;
  state->layout = layout;
  state->run = run;
  if (duckdb_appender_create(connection.handle(), nullptr, table_of(level).c_str(), &state->appender) !=
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
  auto* steps = static_cast<std::int64_t*>(duckdb_vector_get_data(next()));
  auto* rests = static_cast<std::uint16_t*>(duckdb_vector_get_data(next()));
  for (std::size_t i = 0; i < count; ++i) {
    steps[i] = rows.start_ms[first + i] / kStartStepMs;
    rests[i] = static_cast<std::uint16_t>(rows.start_ms[first + i] % kStartStepMs);
  }
  std::fill_n(static_cast<std::int64_t*>(duckdb_vector_get_data(next())), count, state_->run);
  if (state_->level != Level::kRaw) {
    std::memcpy(duckdb_vector_get_data(next()), rows.windows.data() + first, count * sizeof(std::int64_t));
  }
  for (std::size_t c = 0; c < rows.scalars.size(); ++c) {
    const RowBlock::Scalars& scalars = rows.scalars[c];
    const duckdb_type type = state_->types[state_->layout.place[column]];
    const duckdb_vector vector = next();
    const auto near = near_of(level_columns().scalars[c], state_->level);
    const std::int64_t* values =
        near ? distances(scalars, rows.scalars[*near], first, count, state_->distance) : scalars.value.data() + first;
    fill_integers(vector, type, values, count);
    mark_unknown(vector, scalars.known.data() + first, count);
  }
  for (const RowBlock::SketchRows& sketch : rows.sketches) fill_digits(next(), sketch, first, count);
  duckdb_data_chunk_set_size(chunk, count);
  if (duckdb_append_data_chunk(state_->appender, chunk) != DuckDBSuccess) return appender_failure(state_->appender);
  return {};
}

Status LevelAppender::close() {
  if (duckdb_appender_close(state_->appender) != DuckDBSuccess) return appender_failure(state_->appender);
  return {};
}

}  // namespace gnomon::store::duckdb
