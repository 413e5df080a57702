#pragma once

// The bytes of one TCP connection, plain or under TLS, for code that drives the socket itself: what is left when HTTP
// has been upgraded to something else (RFC 9110 section 7.8), at either end.
//
// Nothing blocks but wait(). One thread at a time; cut() alone may be called from any thread, as long as the object
// lives. Destruction closes the socket.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "net/file_descriptor.h"

namespace gnomon::http {

enum class IoState : std::uint8_t {
  kDone,        // some bytes went over
  kWouldBlock,  // none now; wait() tells when
  kEnded,       // the peer sends nothing more
  kFailed,      // reset, broken TLS; `fault` says why
};

struct IoOutcome {
  IoState state = IoState::kDone;
  std::size_t bytes = 0;
  int fault = 0;  // errno; EPROTO for what TLS found wrong
};

class ByteStream {
 public:
  explicit ByteStream(net::FileDescriptor socket) : socket_(std::move(socket)) {}
  virtual ~ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  [[nodiscard]] virtual bool is_tls() const = 0;
  virtual IoOutcome read_some(std::span<std::byte> room) = 0;
  // Takes at most `most` bytes and throws them away. Over plain TCP they are not even copied out of the kernel (tcp(7),
  // MSG_TRUNC).
  virtual IoOutcome skip_some(std::size_t most) = 0;
  // The bytes must stay as they are until they have all been taken when kWouldBlock came: TLS may hold a record of
  // them.
  virtual IoOutcome write_some(std::span<const std::byte> first, std::span<const std::byte> second = {}) = 0;
  // Tells the peer in order that nothing more will be sent, as far as that goes without blocking.
  virtual void end_sending() = 0;

  struct Ready {
    bool read = false, write = false;
  };
  // Until reading or writing, as asked, makes sense again, at most so long; nothing set when the time is over.
  Ready wait(bool read, bool write, std::chrono::nanoseconds most);

  // For socket options and TCP_INFO; never to be read, written or closed.
  [[nodiscard]] int socket() const { return socket_.get(); }
  // Ends the connection both ways, at once; what waits wakes up.
  void cut();

 protected:
  // Bytes that read_some() will give without a look at the socket.
  [[nodiscard]] virtual bool has_bytes() const = 0;
  // TLS may have to read in order to write, and the other way round.
  bool read_wants_write_ = false, write_wants_read_ = false;
  net::FileDescriptor socket_;
};

// `early`: what came behind the head that HTTP has read. Makes the socket non-blocking.
std::unique_ptr<ByteStream> make_plain_stream(net::FileDescriptor socket, std::vector<std::byte> early = {});

}  // namespace gnomon::http
