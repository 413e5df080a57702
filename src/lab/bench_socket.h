#pragma once

// UDP sockets for the bench: one that knows when each datagram left, one that knows when each arrived, both by the
// kernel's software timestamps on the wall clock (SO_TIMESTAMPING). One thread each.

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::lab {

class BenchSocket {
 public:
  // Bound to `address`:`port` (0: any) in the calling thread's network namespace.
  static Result<BenchSocket> open(const std::string& address, std::uint16_t port, bool timestamps);
  BenchSocket(BenchSocket&& other) noexcept;
  BenchSocket& operator=(BenchSocket&&) = delete;
  ~BenchSocket();

  Status connect(const std::string& address, std::uint16_t port);
  [[nodiscard]] int fd() const { return fd_; }
  // Sends a datagram with this number in it and returns when the kernel sent it.
  std::optional<WallTime> send(std::uint64_t number);
  struct Arrival {
    std::uint64_t number = 0;
    std::optional<WallTime> at;  // Missing while the kernel is still switching receive timestamps on.
  };
  // The next datagram; waits at most `timeout`.
  std::optional<Arrival> receive(Nanoseconds timeout);
  // Datagrams that wait, thrown away unread; how many there were.
  std::uint64_t drain();
  // Hands up to `count` datagrams of 64 bytes to the kernel in one call; how many it took.
  std::uint64_t send_batch(std::uint64_t count);

 private:
  explicit BenchSocket(int fd) : fd_(fd) {}
  // A message with its timestamp; nothing when none waits.
  std::optional<Arrival> take(int flags);
  int fd_ = -1;
};

}  // namespace gnomon::lab
