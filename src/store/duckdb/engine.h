#pragma once

// The open database of a DuckdbStore: connections, state and dictionary, and opening it again after a failure.
//
// Readers borrow a connection and hold the database open while they have it. The writer owns the rest; `writing` is
// held through every write.

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "store/duckdb/dictionary.h"
#include "store/duckdb/duckdb_store.h"
#include "store/duckdb/level_table.h"
#include "store/duckdb/state.h"

namespace gnomon::store::duckdb {

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const std::filesystem::path& file, const Options& options);

  // A reader's connection inside a transaction of its own: one consistent view, given back when it ends.
  class Reader {
   public:
    Reader(Reader&&) = default;
    ~Reader();
    [[nodiscard]] Connection& connection() { return *connection_; }
    [[nodiscard]] const State& state() const { return state_; }

   private:
    friend class Engine;
    Reader(Engine& engine, std::shared_lock<std::shared_mutex> open) : engine_(&engine), open_(std::move(open)) {}
    Engine* engine_;
    std::shared_lock<std::shared_mutex> open_;
    std::optional<Connection> connection_;
    State state_;
  };
  Result<Reader> reader();

  // For the writer, under `writing`. Makes sure that the database is open and the memory agrees with it.
  Status ready();
  // After a failed write: memory and file may differ, ready() reads them anew.
  void distrust(const Error& error);

  std::mutex writing;
  [[nodiscard]] Connection& writer() { return *writer_; }
  State state;                                   // the writer's; equal to the file's
  std::array<std::uint64_t, kLevels> waiting{};  // rows of each level not yet summed up in the next

  std::uint64_t new_rows = 0;  // in window_new
  std::array<LevelLayout, kLevels> layouts;
  LevelLayout new_layout;  // of window_new

  // Guarded by `naming`.
  std::shared_mutex naming;
  Dictionary dictionary;

  std::atomic<std::uint64_t> position{0};
  std::atomic<std::uint64_t> windows{0};

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  Engine(std::filesystem::path file, const Options& options) : file_(std::move(file)), options_(options) {}
  Status connect();
  Status prepare_tables();
  Status load();

  std::filesystem::path file_;
  Options options_;
  std::shared_mutex opening_;  // shared by readers; exclusive while the database is closed and opened
  std::shared_ptr<Database> database_;
  std::optional<Connection> writer_;
  std::mutex pooling_;
  std::vector<Connection> pool_;
  bool trusted_ = false;
  bool reopen_ = false;
};

}  // namespace gnomon::store::duckdb
