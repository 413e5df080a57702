#include <duckdb.h>

#include "store/duckdb/connection.h"

namespace gnomon::store::duckdb {

struct Rows::State {
  duckdb_prepared_statement statement = nullptr;
  duckdb_result result{};
  bool has_result = false;
  duckdb_data_chunk chunk = nullptr;
  std::string operation;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (chunk != nullptr) duckdb_destroy_data_chunk(&chunk);
    if (has_result) duckdb_destroy_result(&result);
    if (statement != nullptr) duckdb_destroy_prepare(&statement);
  }
};

Rows::Rows(std::unique_ptr<State> state) : state_(std::move(state)) {}
Rows::Rows(Rows&&) noexcept = default;
Rows& Rows::operator=(Rows&&) noexcept = default;
Rows::~Rows() = default;

Result<Rows> Connection::query(const std::string& sql, std::string_view operation) {
  auto state = std::make_unique<Rows::State>();
  state->operation = operation;
  if (duckdb_prepare(handle_, sql.c_str(), &state->statement) != DuckDBSuccess) {
    const char* said = duckdb_prepare_error(state->statement);
    return duckdb_failure(DUCKDB_ERROR_INVALID, said != nullptr ? said : "cannot prepare", operation);
  }
  state->has_result = true;
  duckdb_pending_result pending = nullptr;
  auto done = duckdb_pending_prepared_streaming(state->statement, &pending);
  if (done == DuckDBSuccess) done = duckdb_execute_pending(pending, &state->result);
  const std::string pending_said = done == DuckDBSuccess                      ? ""
                                   : duckdb_pending_error(pending) != nullptr ? duckdb_pending_error(pending)
                                                                              : "";
  duckdb_destroy_pending(&pending);
  if (done != DuckDBSuccess) {
    const char* said = duckdb_result_error(&state->result);
    return duckdb_failure(duckdb_result_error_type(&state->result), said != nullptr ? said : pending_said, operation);
  }
  return Rows(std::move(state));
}

Result<bool> Rows::next() {
  if (state_->chunk != nullptr) duckdb_destroy_data_chunk(&state_->chunk);
  state_->chunk = duckdb_fetch_chunk(state_->result);
  if (state_->chunk != nullptr) return duckdb_data_chunk_get_size(state_->chunk) > 0;
  if (const char* said = duckdb_result_error(&state_->result); said != nullptr && *said != '\0') {
    return duckdb_failure(duckdb_result_error_type(&state_->result), said, state_->operation);
  }
  return false;
}

std::size_t Rows::size() const {
  return duckdb_data_chunk_get_size(state_->chunk);
}
_duckdb_data_chunk* Rows::chunk() const {
  return state_->chunk;
}

bool Rows::is_null(std::size_t column, std::size_t row) const {
  std::uint64_t* valid = duckdb_vector_get_validity(duckdb_data_chunk_get_vector(state_->chunk, column));
  return valid != nullptr && !duckdb_validity_row_is_valid(valid, row);
}

std::int64_t Rows::integer(std::size_t column, std::size_t row) const {
  if (is_null(column, row)) return 0;
  const duckdb_vector vector = duckdb_data_chunk_get_vector(state_->chunk, column);
  const void* cells = duckdb_vector_get_data(vector);
  duckdb_logical_type type = duckdb_vector_get_column_type(vector);
  const auto id = duckdb_get_type_id(type);
  duckdb_destroy_logical_type(&type);
  if (id == DUCKDB_TYPE_INTEGER) return static_cast<const std::int32_t*>(cells)[row];
  if (id == DUCKDB_TYPE_UINTEGER) return static_cast<const std::uint32_t*>(cells)[row];
  if (id == DUCKDB_TYPE_UTINYINT) return static_cast<const std::uint8_t*>(cells)[row];
  if (id == DUCKDB_TYPE_HUGEINT) return static_cast<std::int64_t>(static_cast<const duckdb_hugeint*>(cells)[row].lower);
  return static_cast<const std::int64_t*>(cells)[row];  // Every other number of our tables is 64 bits wide.
}

std::uint64_t Rows::natural(std::size_t column, std::size_t row) const {
  return static_cast<std::uint64_t>(integer(column, row));
}

double Rows::real(std::size_t column, std::size_t row) const {
  if (is_null(column, row)) return 0;
  return static_cast<const double*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(state_->chunk, column)))[row];
}

std::string Rows::text(std::size_t column, std::size_t row) const {
  if (is_null(column, row)) return {};
  auto* cells =
      static_cast<duckdb_string_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(state_->chunk, column)));
  return {duckdb_string_t_data(&cells[row]), duckdb_string_t_length(cells[row])};
}

}  // namespace gnomon::store::duckdb
