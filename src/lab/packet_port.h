#pragma once

// The emulator's one packet socket over all interfaces of its namespace (packet(7)): whole Ethernet frames in and out,
// in batches, with the kernel's receive timestamps. One thread; `open` runs on a thread that is inside the namespace.

#include <linux/if_packet.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::lab {

class PacketPort {
 public:
  static constexpr std::size_t kBatch = 64;

  struct Received {
    std::uint32_t bytes = 0;  // Of the frame on the wire: more than the buffer's size means that it was cut.
    int interface = 0;
    MonotonicTime at;  // The kernel's receive timestamp, brought to the monotonic clock.
  };
  struct Outgoing {
    const std::byte* bytes = nullptr;
    std::uint32_t size = 0;
    int interface = 0;
  };

  // Returns the descriptor, which may cross a fork; a PacketPort is then made of it.
  static Result<int> open();
  explicit PacketPort(int fd);
  PacketPort(const PacketPort&) = delete;
  PacketPort& operator=(const PacketPort&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  // Fills up to kBatch of `buffers` (each of `capacity` bytes); the number received, 0 when none waits.
  std::size_t receive(std::span<std::byte* const> buffers, std::size_t capacity, std::span<Received> out);
  // Sends up to kBatch frames in order; how many the kernel took before the first that it refused.
  std::size_t send(std::span<const Outgoing> frames);
  // Frames that the kernel dropped because the socket was full, since the last call.
  std::uint64_t take_drops();

 private:
  struct Vectors;
  int fd_;  // Not owned: lives as long as the process.
  std::shared_ptr<Vectors> vectors_;
};

}  // namespace gnomon::lab
