#pragma once

// The bytes of one HTTP/2 connection over a non-blocking TCP socket, plain or TLS (http/h2_tls.h). Nothing blocks, no
// signal is raised. Belongs to one thread.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "net/file_descriptor.h"

namespace gnomon::http {

class H2Transport {
 public:
  enum class Step : std::uint8_t {
    kDone,
    kWantRead,   // again when the socket is readable
    kWantWrite,  // again when it is writable
    kClosed,     // the peer has ended its side
    kFailed,     // fault() says why
  };

  virtual ~H2Transport() = default;
  virtual Step handshake() = 0;
  // `got` bytes into `room`; above zero when kDone.
  virtual Step read(std::span<std::byte> room, std::size_t& got) = 0;
  // What was not taken must be offered again, unchanged, before anything else.
  virtual Step write(std::span<const std::byte> bytes, std::size_t& taken) = 0;
  [[nodiscard]] virtual bool is_tls() const = 0;
  // How many round trips the handshake took until data could be sent: TLS 1.3 one (two after HelloRetryRequest), TLS
  // 1.2 two (RFC 8446 §2, RFC 5246 §7.3), none without TLS.
  [[nodiscard]] virtual unsigned handshake_round_trips() const = 0;
  [[nodiscard]] virtual std::string fault() const = 0;
  // The certificate was not accepted, as opposed to everything else that can fail.
  [[nodiscard]] virtual bool certificate_refused() const = 0;

  [[nodiscard]] int fd() const { return fd_.get(); }

 protected:
  explicit H2Transport(net::FileDescriptor fd) : fd_(std::move(fd)) {}

 private:
  net::FileDescriptor fd_;
};

// HTTP/2 with prior knowledge (RFC 9113 §3.3).
std::unique_ptr<H2Transport> make_plain_h2_transport(net::FileDescriptor fd);

}  // namespace gnomon::http
