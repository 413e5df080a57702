#pragma once

// From the journal to the tables: the only one that applies to the store. What has just become durable comes from
// memory (server/recent_batches.h), the rest is read from disk: with the same outcome.
//
// Takes up where the store's position says, applies ranges of durable records as they come, tries again with a growing
// pause when the store cannot write (disk full: the journal keeps everything meanwhile), and enforces retention now and
// then. A record that cannot be read as a batch counts as applied without windows and is logged: the journal's own
// checks have found the damage or will.

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::journal {
class Journal;
struct JournalEntry;
}  // namespace gnomon::journal
namespace gnomon::store {
class Store;
}

namespace gnomon::server {

class RecentBatches;

struct ApplierFigures {
  std::uint64_t lag_records = 0;  // durable and not yet applied
  Nanoseconds lag{};              // age of the oldest of them; zero when there is none
  std::uint64_t failures = 0;     // tries that the store refused, since the start
  std::uint64_t unreadable = 0;   // records that held no batch
  std::string last_failure;       // empty when the last try went well
};

struct ApplierOptions {
  std::size_t most_records = 4'096;                 // of one range
  std::size_t most_bytes = 64 << 20;                // of one range, as signed batches
  std::size_t most_windows = 50'000;                // of one range; about 400 bytes each in memory
  std::chrono::milliseconds gather{200};            // records that come meanwhile go in one range
  std::chrono::milliseconds longest_pause{10'000};  // between tries
  std::chrono::seconds retention_every{600};
  // Of ApplyLoop::catch_up(), which ends with the first that is reached. With fewer windows than a store gathers before
  // it writes and sums up, no write of seconds comes between.
  std::chrono::seconds catch_up{5};
  std::uint64_t catch_up_windows = ~std::uint64_t{0};
  RecentBatches* recent = nullptr;  // what need not be read from the journal; outlives the applier
};

// What comes next for a store, one range at a time; the caller drives it. Not thread-safe.
class RangeReader {
 public:
  // `from`: the store's position. kCorrupt when the journal ends before it: the tables are of another journal.
  static Result<RangeReader> open(const journal::Journal& journal, std::uint64_t from, const ApplierOptions& options);
  RangeReader(RangeReader&&) noexcept;
  ~RangeReader();

  // Reads and applies one range. The number of records applied; zero when there was none. After an error the same range
  // is tried by the next call.
  Result<std::uint64_t> apply_next(store::Store& store);
  // When the oldest record of the range at hand, applied or not, was received.
  [[nodiscard]] std::int64_t received_unix_ms() const;
  // Whether the last range reached a limit, so that more may wait.
  [[nodiscard]] bool was_full() const;
  [[nodiscard]] std::uint64_t unreadable() const;

 private:
  struct State;
  explicit RangeReader(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The applier's decisions without its thread: when to try, to rest, to enforce retention. One thread calls step() and
// catch_up(); all arguments must outlive it.
class ApplyLoop {
 public:
  // The errors of RangeReader::open.
  static Result<std::unique_ptr<ApplyLoop>> open(const journal::Journal& journal, store::Store& store,
                                                 const Clock& clock, const ApplierOptions& options = {});

  struct Rest {
    std::chrono::milliseconds at_most{};
    bool until_more = false;  // shorter when the journal has more
  };
  // One try; the pause before the next.
  Rest step();
  // Applies what is durable already, within the options' limits.
  void catch_up();
  // From any thread.
  [[nodiscard]] ApplierFigures figures() const;

 private:
  ApplyLoop(const journal::Journal& journal, store::Store& store, const Clock& clock, const ApplierOptions& options,
            RangeReader reader);
  void note(const Result<std::uint64_t>& applied);
  void enforce_retention();

  static constexpr std::chrono::milliseconds kFirstPause{100};
  const journal::Journal& journal_;
  store::Store& store_;
  const Clock& clock_;
  const ApplierOptions options_;
  RangeReader reader_;
  std::chrono::milliseconds next_pause_ = kFirstPause;
  std::optional<MonotonicTime> retention_done_;

  mutable std::mutex mutex_;  // guards what follows
  ApplierFigures figures_;
  std::int64_t waiting_since_ms_ = 0;  // when the oldest record not yet applied was received; 0: not known
};

// A thread that keeps a store up with a journal, until destroyed. All must outlive it.
class Applier {
 public:
  // The errors of RangeReader::open: the tables must be made anew before anything can be applied.
  static Result<std::unique_ptr<Applier>> start(const journal::Journal& journal, store::Store& store,
                                                const Clock& clock, const ApplierOptions& options = {});
  // Applies what is durable already, for at most `catch_up`, and ends the thread.
  ~Applier();

  // From any thread.
  [[nodiscard]] ApplierFigures figures() const;

 private:
  class Impl;
  explicit Applier(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Applies all durable records; for `gnomon rebuild` and tests. `progress` is told the records applied so far.
Status apply_all(const journal::Journal& journal, store::Store& store,
                 const std::function<void(std::uint64_t)>& progress = {}, const ApplierOptions& options = {});

}  // namespace gnomon::server
