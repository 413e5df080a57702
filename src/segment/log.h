#pragma once

// A log of records in segment files, with group commit: many threads append, one thread writes and syncs what has
// gathered, then tells each caller. A record is durable before its callback says so, and never otherwise.
//
// open() finds torn tails, cuts them and reports how many bytes; damage before the tail is refused with its place,
// never cut. On a full disk an append fails with kExhausted, the part written is taken back, and later appends work as
// soon as there is room. After a failed sync nothing is known about the file any more (the kernel may have dropped the
// pages), so all appends fail until the log is opened anew.
//
// Thread-safe. Callbacks run on the log's own thread (without one: in commit_next()) and must be quick; they may call
// append(). The destructor commits what is queued, then stops.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "segment/cursor.h"
#include "segment/file_system.h"

namespace gnomon::segment {

struct LogOptions {
  std::uint64_t segment_bytes = 64 << 20;  // a segment is closed when the next group would pass this
  std::uint64_t group_bytes = 4 << 20;     // written and synced at once, or one record if larger
  std::uint64_t queue_bytes = 64 << 20;    // waiting to be written; beyond that append() says kUnavailable
  // From the beginning of a group that several records shared to that of the next, unless a whole group waits: what
  // comes meanwhile shares one sync. Who appends alone waits for nobody.
  std::chrono::milliseconds group_interval{0};
  bool background = true;  // false: no thread, commit_next() is the caller's to drive
};

// A place known to be good, so that open() scans only what comes after.
struct LogPosition {
  std::uint64_t record = 0;        // the next record to read
  std::uint64_t segment_base = 0;  // the segment it is in
  std::uint64_t offset = kHeaderBytes;
};

struct SegmentStatus {
  std::string path;
  std::uint64_t base_record = 0;
  std::uint64_t bytes = 0;  // durable
};

struct LogStatus {
  std::uint64_t first_record = 0;     // the oldest kept
  std::uint64_t durable_records = 0;  // the number of the next record to become durable
  std::uint64_t bytes = 0;
  std::uint64_t torn_bytes_cut = 0;  // by open()
  std::uint64_t groups = 0;          // committed since open()
  std::vector<SegmentStatus> segments;
  std::optional<Error> refusing;  // why the last append failed, until one succeeds
};

class Log {
 public:
  using Done = std::function<void(Result<std::uint64_t> record)>;
  // Called by open() for each record it scans, in order.
  using Visit = std::function<Status(std::uint64_t record, std::span<const std::byte> payload)>;

  static Result<std::unique_ptr<Log>> open(FileSystem& files, const std::string& folder, const LogOptions& options,
                                           const LogPosition& known_good = {}, const Visit& visit = nullptr);
  ~Log();

  // kInvalidArgument for an empty or oversized payload, kUnavailable when the queue is full or the log is stopping:
  // then `done` is not called. Otherwise `done` is called exactly once, in the order of the appends.
  Status append(std::string payload, Done done);
  // The same, waiting.
  Result<std::uint64_t> append_and_wait(std::string payload);
  // Waits until all that was appended before is durable or has failed.
  void drain();
  // What the log's thread does over and over: writes and syncs one group of what waits and tells its callers. False
  // when nothing waits. Only without `background`.
  bool commit_next();

  [[nodiscard]] LogStatus status() const;
  [[nodiscard]] std::uint64_t durable_records() const;
  // Where the next record will be written, for a later open().
  [[nodiscard]] LogPosition durable_position() const;

  // Removes whole segments all of whose records are below `record`; the newest is kept. Returns how many bytes that
  // freed.
  Result<std::uint64_t> remove_before(std::uint64_t record);

  // Reads durable records from `record` on, while others append. Belongs to one thread; the log must outlive it.
  class Reader {
   public:
    struct Entry {
      std::uint64_t record = 0;
      std::span<const std::byte> payload;  // valid until the next call
      std::string_view path;               // of the segment
      std::uint64_t offset = 0;
    };
    // Nothing when all durable records were read; later ones are seen by a later call. kCorrupt names file and offset.
    Result<std::optional<Entry>> next();
    [[nodiscard]] std::uint64_t position() const { return record_; }

   private:
    friend class Log;
    Reader(const Log& log, std::uint64_t record) : log_(&log), record_(record) {}
    Status enter_segment();
    const Log* log_;
    std::uint64_t record_;
    std::optional<SegmentCursor> cursor_;
    std::string path_;
  };
  // kNotFound when the record was removed already.
  Result<Reader> read(std::uint64_t record) const;

 private:
  struct State;
  explicit Log(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gnomon::segment
