#pragma once

// Inside of Journal. What stands below `mutex` is guarded by it.

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

#include "journal/folder_lock.h"
#include "journal/journal.h"
#include "journal/sequence_index.h"

namespace gnomon::journal {

struct Journal::State {
  State(segment::FileSystem& f, std::string dir, const JournalOptions& o)
      : files(f), folder(std::move(dir)), journal_folder(folder + "/journal"), options(o) {}

  Status check_format() const;
  // Opens the log; scans from the stored index when it is good, else everything.
  Status open_log();
  Status scan_log(const segment::LogPosition& from);
  Status remember(std::uint64_t record, std::span<const std::byte> payload);
  Result<std::vector<LedgerEntry>> read_entries(std::uint64_t from, std::size_t limit) const;

  void committed(const schema::BatchHead& head, LedgerEntry entry, const Result<std::uint64_t>& record);
  Status publish();
  Status maintain();
  // The index of at least all records before the log's durable position.
  Status write_index();
  void run();

  segment::FileSystem& files;
  const std::string folder;
  const std::string journal_folder;
  const JournalOptions options;
  const Clock* clock = nullptr;
  std::optional<FolderLock> lock;
  std::uint64_t scanned = 0;

  std::unique_ptr<segment::Log> log;
  std::unique_ptr<Ledger> ledger;
  std::mutex publish_mutex;  // one publish() at a time
  std::thread thread;

  using BatchKey = std::pair<ProbeId, std::uint64_t>;
  mutable std::mutex mutex;
  mutable std::condition_variable changed;  // `applied` grew, or stopping
  SequenceIndex index;
  std::map<BatchKey, std::vector<Done>> under_way;  // who waits for a batch that is being written; the first is its own
  std::uint64_t applied = 0;                        // records in `index`
  std::uint64_t duplicates = 0;
  std::uint64_t indexed = 0;  // records in the index file
  bool stopping = false;
};

}  // namespace gnomon::journal
