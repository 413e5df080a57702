#pragma once

// DuckDB's C API as owning types and Results; duckdb.h itself stays in this folder's .cc files.
//
// A Database may be shared by threads; a Connection, its Rows and Appenders belong to one thread at a time and must be
// gone before their Database. Every call may fail with what DuckDB said, mapped to an ErrorCode.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/error.h"

struct _duckdb_database;
struct _duckdb_connection;
struct _duckdb_data_chunk;

namespace gnomon::store::duckdb {

class Database {
 public:
  struct Limits {
    int threads = 1;
    std::uint64_t memory_bytes = 192ULL << 20;
    std::uint64_t wal_bytes = 16ULL << 20;  // log length at which a commit writes it into the tables
  };
  static Result<std::shared_ptr<Database>> open(const std::filesystem::path& file, const Limits& limits);
  explicit Database(_duckdb_database* handle) : handle_(handle) {}
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database();

 private:
  friend class Connection;
  _duckdb_database* handle_;
};

// The rows of an answer, a chunk of at most 2,048 at a time.
class Rows {
 public:
  Rows(Rows&&) noexcept;
  Rows& operator=(Rows&&) noexcept;
  ~Rows();
  // Goes to the next chunk; false at the end.
  Result<bool> next();
  [[nodiscard]] std::size_t size() const;  // of this chunk
  [[nodiscard]] _duckdb_data_chunk* chunk() const;

  // Cells of this chunk, for small tables. Integers of any width; a NULL is 0 or empty.
  [[nodiscard]] std::int64_t integer(std::size_t column, std::size_t row) const;
  [[nodiscard]] std::uint64_t natural(std::size_t column, std::size_t row) const;
  [[nodiscard]] double real(std::size_t column, std::size_t row) const;
  [[nodiscard]] std::string text(std::size_t column, std::size_t row) const;
  [[nodiscard]] bool is_null(std::size_t column, std::size_t row) const;

 private:
  friend class Connection;
  struct State;
  explicit Rows(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct Blob {
  std::string_view bytes;
};
using Cell = std::variant<std::monostate, std::int64_t, std::uint64_t, double, std::string_view, Blob>;

class Connection {
 public:
  static Result<Connection> open(std::shared_ptr<Database> database);
  Connection(Connection&& other) noexcept;
  Connection& operator=(Connection&& other) noexcept;
  ~Connection();

  // `operation` says in an error what was being done.
  Status run(const std::string& sql, std::string_view operation);
  // Writes the log into the tables; leaves it for the next time when the database says that others write. It was seen
  // to say so beside queries that only read.
  Status checkpoint();
  // Rows are produced while they are read.
  Result<Rows> query(const std::string& sql, std::string_view operation);
  // A single integer.
  Result<std::int64_t> number(const std::string& sql, std::string_view operation);
  // Appends a few rows, cell by cell. Level tables use LevelInsert.
  Status append(const std::string& table, const std::vector<std::vector<Cell>>& rows);

  [[nodiscard]] _duckdb_connection* handle() const { return handle_; }

 private:
  explicit Connection(std::shared_ptr<Database> database) : database_(std::move(database)) {}
  std::shared_ptr<Database> database_;
  _duckdb_connection* handle_ = nullptr;
};

// A transaction that rolls back unless committed.
class Transaction {
 public:
  static Result<Transaction> begin(Connection& connection);
  Transaction(Transaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();
  Status commit();

 private:
  explicit Transaction(Connection& connection) : connection_(&connection) {}
  Connection* connection_;
};

// What DuckDB said, as an Error. `type` is a duckdb_error_type.
tl::unexpected<Error> duckdb_failure(int type, std::string_view message, std::string_view operation);
// After this error the database object refuses all work until it is opened again.
bool needs_reopening(const Error& error);

}  // namespace gnomon::store::duckdb
