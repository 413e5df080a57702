#pragma once

// Inside of Log. Everything below `mutex` is guarded by it, except `writer`, which belongs to the log's thread.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "segment/log.h"
#include "segment/segment_writer.h"

namespace gnomon::segment {

struct Log::State {
  State(FileSystem& f, std::string dir, const LogOptions& o)
      : files(f), folder(std::move(dir)), options(o), writer(f, folder, o.segment_bytes) {}

  struct Waiting {
    std::string payload;
    Done done;
  };

  void run();
  bool commit_next();
  // Takes what may go into one group; called with the lock held.
  std::deque<Waiting> take_group();
  void commit(std::deque<Waiting> group);
  // The durable end of a segment, or nothing when it was removed.
  std::optional<std::uint64_t> durable_bytes(std::uint64_t base_record) const;

  FileSystem& files;
  const std::string folder;
  const LogOptions options;
  SegmentWriter writer;
  std::thread thread;

  mutable std::mutex mutex;
  std::condition_variable wake;   // the thread has work
  std::condition_variable quiet;  // the queue is empty and nothing is being written
  std::deque<Waiting> queue;
  std::uint64_t queued_bytes = 0;
  bool writing = false;
  bool shared_group = false;  // the last one had several records: more is to be expected
  int hurried = 0;            // callers of drain(): no group waits for more
  bool stopping = false;
  std::uint64_t next_record = 0;  // durable
  std::vector<SegmentStatus> segments;
  std::uint64_t torn_bytes = 0;
  std::uint64_t groups = 0;
  std::optional<Error> refusing;
};

}  // namespace gnomon::segment
