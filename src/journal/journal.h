#pragma once

// The journal: every accepted batch, as it came, durable before it is acknowledged, exactly once by (probe, sequence);
// and the ledger over it. The truth from which everything else can be made again.
//
//   FOLDER/lock             one process (journal/folder_lock.h)
//   FOLDER/journal/format   "gnomon journal 1\n"
//   FOLDER/journal/*.seg    records (docs/spec/journal.md)
//   FOLDER/journal/index    which sequences are stored, up to some record; made anew when missing or damaged
//   FOLDER/ledger/…         docs/spec/ledger.md
//
// Thread-safe. A background thread publishes the ledger and writes the index. The destructor commits what is queued,
// signs a last checkpoint and writes the index.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "journal/ledger.h"
#include "schema/batch_codec.h"
#include "segment/log.h"

namespace gnomon::journal {

struct JournalOptions {
  segment::LogOptions log;
  std::string ledger_name = "gnomon/observatory";      // used when the ledger is made
  std::chrono::milliseconds checkpoint_interval{500};  // while there is new work
  std::uint64_t index_every_records = 20'000;
  bool lock_folder = true;  // false with files in memory
  // false: only publish() and maintain() publish; for tests and the simulator. The log's thread has its own switch.
  bool background = true;
};

enum class AppendOutcome : std::uint8_t { kStored, kDuplicate };

struct Appended {
  AppendOutcome outcome = AppendOutcome::kStored;
  // The record and leaf; known for a duplicate only when its first copy was still under way.
  std::optional<std::uint64_t> record;
  std::int64_t received_unix_ms = 0;  // as the record says; 0 where the record is not known
};

struct JournalEntry {
  std::uint64_t record = 0;
  std::int64_t received_unix_ms = 0;
  std::string signed_batch;        // for schema::read_signed_batch(…, false)
  std::uint64_t stored_bytes = 0;  // compressed
};

struct JournalStatus {
  segment::LogStatus log;
  LedgerStatus ledger;
  std::uint64_t probes = 0;
  std::uint64_t duplicates = 0;  // since open()
  std::uint64_t scanned_on_open = 0;
};

class Journal {
 public:
  using Done = std::function<void(Result<Appended>)>;

  // `key`: the observatory's; `clock` and `files` must outlive the journal. Errors tell what to do: kConflict another
  // process has the folder, kUnsupported it is of a newer version, kCorrupt damage, with its place.
  static Result<std::unique_ptr<Journal>> open(segment::FileSystem& files, const std::string& folder,
                                               const crypto::PrivateKey& key, const Clock& clock,
                                               const JournalOptions& options = {});
  ~Journal();

  // Stores one checked batch: `signed_batch` are the bytes that `batch` was read from. `done` is called exactly once,
  // on this thread for a batch known already, else on the journal's own after the sync; it must be quick. Errors that
  // come back at once (`done` is not called then): kUnavailable, the queue is full. To `done`: kExhausted, the disk is
  // full; kIo, it fails.
  Status append(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_batch, Done done);
  Result<Appended> append_and_wait(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_batch);

  [[nodiscard]] bool contains(const ProbeId& probe, std::uint64_t sequence) const;
  // The highest stored sequence of a probe; 0 when there is none.
  [[nodiscard]] std::uint64_t highest_sequence(const ProbeId& probe) const;

  // The number that the next durable record will have.
  [[nodiscard]] std::uint64_t durable_records() const;
  // Waits until there are more than `records` durable ones or the time is over; true in the first case.
  bool wait_for_more_than(std::uint64_t records, std::chrono::milliseconds at_most) const;

  // Durable records in order, while others append. Belongs to one thread; the journal must outlive it.
  class Reader {
   public:
    // Nothing when all durable records were read; later ones are seen by a later call.
    Result<std::optional<JournalEntry>> next();
    [[nodiscard]] std::uint64_t position() const { return reader_.position(); }

   private:
    friend class Journal;
    explicit Reader(segment::Log::Reader reader) : reader_(std::move(reader)) {}
    segment::Log::Reader reader_;
  };
  [[nodiscard]] Result<Reader> read(std::uint64_t from_record) const;

  // Puts all durable records into the ledger and signs, now.
  Status publish();
  // What the background thread does at each interval: publishes, and writes the index when it is due.
  Status maintain();
  // segment::Log::commit_next(), for a journal whose log has no thread.
  bool commit_next();
  [[nodiscard]] const Ledger& ledger() const;
  [[nodiscard]] JournalStatus status() const;

 private:
  struct State;
  explicit Journal(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gnomon::journal
