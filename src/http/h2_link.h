#pragma once

// One HTTP/2 connection on its socket: handshake, then bytes between transport and session as far as the socket takes
// them. Driven by the owner's event loop; nothing blocks. Belongs to one thread.
//
// What waits in this machine before it reaches the network would look like delay of the network. So no more than about
// 5 ms of it waits in the socket, at the rate that TCP has right now (TCP_NOTSENT_LOWAT, as
// draft-ietf-ippm-responsiveness-09, "Client-Side Influence", asks of both ends), and no frame is longer than half of
// that.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/error.h"
#include "http/h2_session.h"
#include "http/h2_transport.h"

namespace gnomon::http {

class H2Link {
 public:
  enum class State : std::uint8_t { kHandshake, kOpen, kOver };

  H2Link(std::unique_ptr<H2Transport> transport, H2Session::Role role, const H2Limits& limits, H2Events& events);

  // Moves on as far as can be now; the same after the session was given something to send. An Error ends the
  // connection: kCorrupt (no HTTP/2), kPermission (certificate), kUnavailable (ended, refused).
  Status advance();

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool wants_write() const { return wants_write_; }
  [[nodiscard]] int fd() const { return transport_->fd(); }
  [[nodiscard]] H2Session& session() { return session_; }
  [[nodiscard]] const H2Transport& transport() const { return *transport_; }
  // Made-up bytes that the peer's machine has acknowledged, about: what left the session, less what the socket holds.
  [[nodiscard]] std::uint64_t generated_and_acknowledged() const;

 private:
  Status shake();
  Status read();
  Status write();
  void gather();
  void fit_to_rate();
  [[nodiscard]] bool holds_enough() const;
  [[nodiscard]] tl::unexpected<Error> ended() const;

  std::unique_ptr<H2Transport> transport_;
  H2Session session_;
  State state_ = State::kHandshake;
  bool wants_write_ = false;
  std::vector<std::byte> out_;  // taken from the session, not yet by the socket
  std::size_t out_begin_ = 0;
  std::size_t unsent_limit_ = 0;
};

}  // namespace gnomon::http
