#pragma once

// The open database of a DuckdbStore: connections, state, dictionary and the tail of windows that are not yet in a
// table; and opening it again after a failure.
//
// Readers borrow a connection and hold the database open while they have it. Two write side by side (state.h):
// `applying` puts windows into the tail and the tail into tables, `summing` makes sums of them. Each is used under its
// mutex; who takes both takes that of `summing` first.

#include <atomic>
#include <mutex>
#include <shared_mutex>

#include "store/duckdb/dictionary.h"
#include "store/duckdb/duckdb_store.h"
#include "store/duckdb/level_take.h"
#include "store/duckdb/state.h"
#include "store/duckdb/writer.h"
#include "store/tail.h"

namespace gnomon::store::duckdb {

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> open(const std::filesystem::path& file, const Options& options);

  // A reader's connection inside a transaction of its own, and the tail that goes with it: one consistent view, given
  // back when it ends.
  class Reader {
   public:
    Reader(Reader&&) = default;
    ~Reader();
    [[nodiscard]] Connection& connection() { return *connection_; }
    [[nodiscard]] const State& state() const { return *state_; }
    [[nodiscard]] const Tail& tail() const { return tail_; }
    // Rows of a level table (level_take.h).
    Status take(Level level, const std::string& where, const ColumnChoice& choice, const LevelTake::Sink& sink) {
      return engine_->take_->read(*connection_, level, where, choice, sink);
    }

   private:
    friend class Engine;
    Reader(Engine& engine, std::shared_lock<std::shared_mutex> open) : engine_(&engine), open_(std::move(open)) {}
    Engine* engine_;
    std::shared_lock<std::shared_mutex> open_;
    std::optional<Connection> connection_;
    std::shared_ptr<const State> state_;
    Tail tail_;
  };
  Result<Reader> reader();

  Writer applying{Side::kApplying};
  Writer summing{Side::kSumming};
  // Whether the database is open and the memory agrees with it, as far as is known. Any thread.
  [[nodiscard]] bool is_trusted() const { return trusted_; }
  // Sees to it, under the mutexes of both who write.
  Status ready();
  // After a failed write: the file may be ahead of the memory, ready() looks. Under the writer's mutex.
  void distrust(const Error& error);

  // What is in the file and committed; the other side may go on from there. Any thread.
  [[nodiscard]] std::shared_ptr<const State> state() const;
  // Numbers of runs, each given out once. Any thread.
  std::int64_t take_run() { return next_run_++; }
  [[nodiscard]] std::int64_t next_run() const { return next_run_; }
  // Writes what `edit` makes of the state and commits; readers then see it. `edit` is for the part of the writer's
  // side, and may be asked again when the other side has changed its own meanwhile. `is_flush`: the tail is in the
  // tables with it. Under the writer's mutex.
  Status commit(Writer& writer, Transaction& transaction, StateEdit edit, bool is_flush = false);

  // What is applied and not in the file; under `applying`, but for readers.
  [[nodiscard]] const Tail& tail() const { return tail_; }
  [[nodiscard]] std::uint64_t tail_rows() const { return tail_rows_; }
  [[nodiscard]] std::uint64_t tail_bytes() const { return tail_bytes_; }
  void add_to_tail(std::shared_ptr<const TailChunk> chunk, std::uint64_t up_to);
  std::optional<std::int64_t> tail_since_ms;  // State::clock_ms when the tail's first windows came

  // Guarded by `naming`.
  std::shared_mutex naming;
  Dictionary dictionary;

  std::atomic<std::uint64_t> position{0};
  std::atomic<std::uint64_t> windows{0};

  // Set before the store is closed: a summing up that takes long gives up.
  std::atomic<bool> closing{false};

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  Engine(std::filesystem::path file, const Options& options) : file_(std::move(file)), options_(options) {}
  Status connect();
  Status prepare_tables();
  Status load();
  void take_over(Side side, const PendingEdit& edit);
  Status settle(Writer& writer, const State& in_file);

  std::filesystem::path file_;
  Options options_;
  std::shared_mutex opening_;  // shared by readers; exclusive while the database is closed and opened
  std::shared_ptr<Database> database_;
  std::optional<LevelTake> take_;
  std::mutex pooling_;
  std::vector<Connection> pool_;
  std::atomic<bool> trusted_{false};
  std::atomic<bool> reopen_{false};
  std::atomic<std::int64_t> next_run_{1};

  // Shared while a reader takes its view, exclusive while the file and the tail change together.
  mutable std::shared_mutex viewing_;
  std::shared_ptr<const State> state_ = std::make_shared<State>();
  Tail tail_;
  std::uint64_t tail_rows_ = 0;
  std::uint64_t tail_bytes_ = 0;
};

}  // namespace gnomon::store::duckdb
