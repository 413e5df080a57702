#include "store/duckdb/connection.h"

#include <duckdb.h>

#include <utility>

namespace gnomon::store::duckdb {

namespace {

class Config {
 public:
  Config() { duckdb_create_config(&config_); }
  Config(const Config&) = delete;
  Config& operator=(const Config&) = delete;
  ~Config() { duckdb_destroy_config(&config_); }
  void set(const char* name, const std::string& value) { duckdb_set_config(config_, name, value.c_str()); }
  duckdb_config get() { return config_; }

 private:
  duckdb_config config_ = nullptr;
};

Status append_cell(duckdb_appender appender, const Cell& cell) {
  const auto state = std::visit(
      [&]<typename T>(const T& value) {
        if constexpr (std::is_same_v<T, std::monostate>) {
          return duckdb_append_null(appender);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          return duckdb_append_int64(appender, value);
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
          return duckdb_append_uint64(appender, value);
        } else if constexpr (std::is_same_v<T, double>) {
          return duckdb_append_double(appender, value);
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          return duckdb_append_varchar_length(appender, value.data(), value.size());
        } else {
          return duckdb_append_blob(appender, value.bytes.data(), value.bytes.size());
        }
      },
      cell);
  if (state == DuckDBSuccess) return {};
  return duckdb_failure(DUCKDB_ERROR_INVALID, duckdb_appender_error(appender), "append row");
}

}  // namespace

Result<std::shared_ptr<Database>> Database::open(const std::filesystem::path& file, const Limits& limits) {
  Config config;
  config.set("threads", std::to_string(limits.threads));
  config.set("memory_limit", fmt::format("{}MiB", limits.memory_bytes >> 20));
  config.set("checkpoint_threshold", fmt::format("{}MiB", limits.wal_bytes >> 20));
  config.set("temp_directory", file.string() + ".tmp");
  config.set("storage_compatibility_version", "v1.2.0");  // packs the marks of unknown values
  // Of a new file. A path's rows of one column are far less than DuckDB's usual 256 KiB, and so is what a run leaves
  // unused at the end of each column.
  config.set("default_block_size", "65536");
  config.set("autoinstall_known_extensions", "false");
  config.set("autoload_known_extensions", "false");
  config.set("preserve_insertion_order", "true");
  duckdb_database handle = nullptr;
  char* said = nullptr;
  if (duckdb_open_ext(file.c_str(), &handle, config.get(), &said) != DuckDBSuccess) {
    const std::string message = said != nullptr ? said : "unknown error";
    duckdb_free(said);
    auto error = duckdb_failure(DUCKDB_ERROR_IO, message, "open");
    error.value().subject = file.string();
    return error;
  }
  return std::make_shared<Database>(handle);
}

Database::~Database() {
  duckdb_close(&handle_);
}

Result<Connection> Connection::open(std::shared_ptr<Database> database) {
  Connection connection(std::move(database));
  if (duckdb_connect(connection.database_->handle_, &connection.handle_) != DuckDBSuccess) {
    return failure(ErrorCode::kUnavailable, "connect", "store", "database has been invalidated");
  }
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : database_(std::move(other.database_)), handle_(std::exchange(other.handle_, nullptr)) {}

Connection& Connection::operator=(Connection&& other) noexcept {
  std::swap(database_, other.database_);
  std::swap(handle_, other.handle_);
  return *this;
}

Connection::~Connection() {
  if (handle_ != nullptr) duckdb_disconnect(&handle_);
}

Status Connection::run(const std::string& sql, std::string_view operation) {
  duckdb_result result;
  const auto state = duckdb_query(handle_, sql.c_str(), &result);
  Status status;
  if (state != DuckDBSuccess) {
    status = duckdb_failure(duckdb_result_error_type(&result), duckdb_result_error(&result), operation);
  }
  duckdb_destroy_result(&result);
  return status;
}

Status Connection::checkpoint() {
  Status done = run("CHECKPOINT", "write the log into the tables");
  const bool others_write = !done && done.error().reason.find("other write transactions") != std::string::npos;
  return others_write ? Status{} : done;
}

Result<std::int64_t> Connection::number(const std::string& sql, std::string_view operation) {
  auto rows = query(sql, operation);
  if (!rows) return tl::unexpected(rows.error());
  const auto more = rows->next();
  if (!more) return tl::unexpected(more.error());
  if (!*more) return failure(ErrorCode::kCorrupt, std::string(operation), "store", "a row is missing");
  return rows->integer(0, 0);
}

Status Connection::append(const std::string& table, const std::vector<std::vector<Cell>>& rows) {
  if (rows.empty()) return {};
  duckdb_appender appender = nullptr;
  Status status;
  if (duckdb_appender_create(handle_, nullptr, table.c_str(), &appender) != DuckDBSuccess) {
    status = duckdb_failure(DUCKDB_ERROR_INVALID, duckdb_appender_error(appender), "append to " + table);
  }
  for (const auto& row : rows) {
    for (const Cell& cell : row) {
      if (status) status = append_cell(appender, cell);
    }
    if (status && duckdb_appender_end_row(appender) != DuckDBSuccess) {
      status = duckdb_failure(DUCKDB_ERROR_INVALID, duckdb_appender_error(appender), "append to " + table);
    }
  }
  if (status && duckdb_appender_close(appender) != DuckDBSuccess) {
    status = duckdb_failure(DUCKDB_ERROR_IO, duckdb_appender_error(appender), "append to " + table);
  }
  duckdb_appender_destroy(&appender);
  return status;
}

Result<Transaction> Transaction::begin(Connection& connection) {
  auto status = connection.run("BEGIN TRANSACTION", "begin");
  if (!status) return tl::unexpected(status.error());
  return Transaction(connection);
}

Transaction::~Transaction() {
  // A failed statement may have ended the transaction already; then there is nothing to roll back.
  if (connection_ != nullptr) (void)connection_->run("ROLLBACK", "roll back");
}

Status Transaction::commit() {
  auto status = connection_->run("COMMIT", "commit");
  if (status) connection_ = nullptr;
  return status;
}

}  // namespace gnomon::store::duckdb
