#pragma once

// POST /api/v1/ingest: takes signed batches from enrolled probes and acknowledges each when the journal has it durably.
//
// A batch is taken when its signature, its probe_id and its columns are right and its key is enrolled; what a newer
// probe added is kept, since the bytes are journalled as they came. Every batch gets a verdict; the whole request is
// refused only when it cannot be read (400 with the byte) or when there is no room (503 with Retry-After).
//
// Memory is bounded: bytes between arrival and the observers' return, as they came and taken apart, count against
// in_flight_bytes. Thread-safe;
// add_to's handler runs on the server's pool and does not block. stop() ends the notifying thread after what is queued;
// before it, the HTTP server must have stopped.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/router.h"
#include "schema/batch_codec.h"
#include "server/batch_intake.h"

namespace gnomon::server {

class DiskGuard;
class ProbeRegistry;

struct CollectorOptions {
  std::size_t body_bytes = 8UL * 1024 * 1024;
  std::size_t batches_per_request = 1024;
  std::size_t in_flight_bytes = 64UL * 1024 * 1024;
  bool background = true;  // false: no thread, tell_next() is the caller's to drive
};

struct CollectorCounters {
  std::uint64_t batches_stored = 0;
  std::uint64_t batches_duplicate = 0;
  std::uint64_t batches_refused_key = 0;
  std::uint64_t batches_bad = 0;
  std::uint64_t batches_busy = 0;
};

class Collector {
 public:
  // All must outlive this.
  Collector(BatchIntake& intake, ProbeRegistry& probes, DiskGuard& disk, CollectorOptions options = {});
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // Before the first request. Observers outlive this.
  void add_observer(BatchObserver& observer);
  // Called once for each unknown key, on a thread of the pool.
  void on_key_refused(std::function<void(std::string_view public_key_hex, std::string_view name)> handler);
  void add_to(http::Router& router);
  // A batch of this program's own identity, which is not enrolled: no other can hand it in. Goes the way of all others
  // from the journal on. `done` as for BatchIntake::append, called also for what is refused at once. Not after stop().
  void submit(const std::string& signed_batch, BatchIntake::Done done);

  [[nodiscard]] CollectorCounters counters() const;
  // What the notifying thread does over and over: tells the observers of one durable batch. False when none waits. Only
  // without `background`.
  bool tell_next();
  void stop();

 private:
  struct Ingest;
  struct Untold {
    DurableBatch durable;
    std::size_t bytes = 0;
  };

  void ingest(const std::shared_ptr<const http::Request>& request, const http::Respond& respond);
  void take(const std::shared_ptr<Ingest>& ingest, std::size_t index, std::span<const std::byte> signed_bytes);
  // Into the journal; `told` hears the outcome once, before the observers do.
  using Heard = std::function<void(const Result<Stored>&)>;
  void store(const std::shared_ptr<const schema::VerifiedBatch>& batch, std::span<const std::byte> signed_bytes,
             Heard told);
  void settle(const Result<Stored>& result, const std::shared_ptr<const schema::VerifiedBatch>& batch,
              std::size_t bytes, const Heard& told);
  void answer(const std::shared_ptr<Ingest>& ingest, std::size_t index, std::uint64_t sequence,
              const Result<Stored>& result);
  void refuse_key(const crypto::PublicKeyBytes& key, const std::shared_ptr<Ingest>& ingest, std::size_t index,
                  std::string_view name, std::uint64_t sequence);
  void notify_all();

  BatchIntake& intake_;
  ProbeRegistry& probes_;
  DiskGuard& disk_;
  const CollectorOptions options_;
  std::vector<BatchObserver*> observers_;
  std::function<void(std::string_view, std::string_view)> key_refused_;
  std::atomic<std::size_t> in_flight_{0};
  std::atomic<std::uint64_t> stored_{0}, duplicate_{0}, refused_key_{0}, bad_{0}, busy_{0};

  std::mutex queue_mutex_;
  std::condition_variable queue_changed_;
  std::deque<Untold> queue_;  // bounded by in_flight_bytes
  std::size_t pending_ = 0;   // appends that the journal has not answered
  bool stopping_ = false;
  std::thread notifier_;
};

}  // namespace gnomon::server
