#pragma once

// One end of a transfer: sends on, or receives from, all its streams as fast as they go, on one thread for each stream
// as far as there are processors.
//
// A receiver lets the kernel drop the bytes (MSG_TRUNC, tcp(7)) instead of copying them, unless `copy` is set: what is
// measured is the network, not memory. start() and stop() belong to one thread; the rest may be called from any while
// the Pump is there.

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "net/file_descriptor.h"
#include "net/thread_use.h"
#include "schema/transfer.h"

namespace gnomon::methods::capacity {

class Pump {
 public:
  enum class Role : std::uint8_t { kSend, kReceive };

  // Begins at once. The sockets are connected.
  static Result<std::unique_ptr<Pump>> start(std::vector<net::FileDescriptor> sockets, Role role, bool copy,
                                             const Clock& clock);
  ~Pump();
  Pump(const Pump&) = delete;
  Pump& operator=(const Pump&) = delete;

  // What this end has seen until now, `at` since the first byte: counters of the receiver's or the sender's side.
  [[nodiscard]] schema::TransferSample sample() const;
  // Bytes that this end's program handed over or took.
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  // Streams that have neither ended nor failed.
  [[nodiscard]] std::size_t open_streams() const { return open_; }
  [[nodiscard]] int socket(std::size_t stream) const { return sockets_[stream].get(); }
  // Ends the threads; the sockets stay. Idempotent.
  void stop();

 private:
  Pump(std::vector<net::FileDescriptor> sockets, Role role, bool copy, const Clock& clock);
  void run(std::size_t first, std::size_t step);
  [[nodiscard]] schema::CpuUse cpu() const;
  [[nodiscard]] std::optional<schema::SenderTcp> tcp() const;
  void count(std::size_t bytes);

  std::vector<net::FileDescriptor> sockets_;
  const Role role_;
  const bool copy_;
  const Clock& clock_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::int64_t> first_ns_{0};  // MonotonicTime of the first byte; 0: none yet
  std::atomic<std::size_t> open_;
  net::FileDescriptor ending_;  // an eventfd
  net::GroupQuota quota_;
  Nanoseconds throttled_before_{};

  struct Worker {
    std::thread thread;
    net::ThreadUse use{0};
    net::ThreadUse::Times last;  // when it ended
    bool ended = false;
  };
  mutable std::mutex mutex_;  // of the workers' last three members
  std::vector<Worker> workers_;
};

}  // namespace gnomon::methods::capacity
