#pragma once

// Bytes to send that are never copied: random, in huge pages where the kernel has them, lent to each socket through a
// pipe (vmsplice(2), splice(2)). Half of a sender's work is copying; lent in huge pages, a segment is one piece of
// memory.
//
// A pipe belongs to one socket and one thread; the bytes are shared and never change. Without splice for a socket, and
// on request, bytes are copied.

#include <cstddef>
#include <memory>

#include "core/error.h"
#include "net/file_descriptor.h"

namespace gnomon::methods::capacity {

class SendBytes {
 public:
  static constexpr std::size_t kSize = 4UL << 20;
  static Result<std::shared_ptr<const SendBytes>> make();
  ~SendBytes();
  SendBytes(const SendBytes&) = delete;
  SendBytes& operator=(const SendBytes&) = delete;
  [[nodiscard]] const std::byte* begin() const { return bytes_; }

 private:
  explicit SendBytes(std::byte* bytes) : bytes_(bytes) {}
  std::byte* bytes_;
};

class SpliceSource {
 public:
  SpliceSource(std::shared_ptr<const SendBytes> bytes, bool copy);
  // Sends some; how many, or -1 with errno as send(2). The socket is non-blocking.
  long send_some(int socket);

 private:
  long send_copied(int socket);

  std::shared_ptr<const SendBytes> bytes_;
  net::FileDescriptor in_, out_;
  std::size_t in_pipe_ = 0;
  std::size_t room_ = 0;  // of the pipe
  std::size_t at_ = 0;    // where the next bytes are taken from
  bool copy_ = false;
};

}  // namespace gnomon::methods::capacity
