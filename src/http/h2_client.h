#pragma once

// One HTTP/2 connection of a client, from connect(2) on, with the times that its making took. Driven by the owner's
// event loop: watch fd() for reading, for writing too while wants_write(), and call advance(). Nothing blocks.
//
// Belongs to one thread; the events' object must outlive it.

#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "http/h2_link.h"
#include "http/h2_tls.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::http {

struct H2Peer {
  net::Endpoint endpoint;
  std::string name;       // what its certificate names
  std::string authority;  // "HOST" or "HOST:PORT", sent with each request
};

class H2Client {
 public:
  struct Times {
    MonotonicTime begun;
    std::optional<MonotonicTime> connected;  // TCP
    // How long its handshake took: the kernel's own measure, free of when this thread was woken, unless a SYN was sent
    // twice, which the kernel does not time.
    Nanoseconds handshake{};
    std::optional<MonotonicTime> ready;  // TLS too, where there is TLS
  };

  // Begins to connect. `tls` is null for plain HTTP/2 with prior knowledge. kUnavailable: no route, refused at once.
  static Result<std::unique_ptr<H2Client>> open(net::SocketSpace& space, const H2Peer& peer, const H2Tls* tls,
                                                const Clock& clock, H2Events& events);

  // `ready_at`: when the event loop saw the socket ready. Errors as of H2Link.
  Status advance(MonotonicTime ready_at);
  // After requests were made: sends what the socket takes.
  Status flush() { return advance(clock_.now()); }

  [[nodiscard]] int fd() const { return link_ ? link_->fd() : connecting_.get(); }
  [[nodiscard]] bool wants_write() const { return !link_ || link_->wants_write(); }
  [[nodiscard]] bool is_ready() const { return link_ && link_->state() == H2Link::State::kOpen; }
  [[nodiscard]] bool is_over() const { return link_ && link_->state() == H2Link::State::kOver; }
  [[nodiscard]] const Times& times() const { return times_; }
  [[nodiscard]] unsigned tls_round_trips() const { return link_ ? link_->transport().handshake_round_trips() : 0; }

  // Once is_ready(). Requests for `path`; what is posted has no announced length.
  Result<H2Stream> get(const std::string& path);
  Result<H2Stream> post(const std::string& path, std::uint64_t generated);
  void reset(H2Stream stream) { link_->session().reset(stream); }
  [[nodiscard]] std::uint64_t generated_and_acknowledged() const {
    return link_ ? link_->generated_and_acknowledged() : 0;
  }

 private:
  H2Client(net::FileDescriptor fd, H2Peer peer, const H2Tls* tls, const Clock& clock, H2Events& events);
  Status finish_connect(MonotonicTime ready_at);
  [[nodiscard]] H2Head head(std::string method, const std::string& path) const;

  net::FileDescriptor connecting_;
  H2Peer peer_;
  const H2Tls* tls_;
  const Clock& clock_;
  H2Events& events_;
  Times times_;
  std::unique_ptr<H2Link> link_;
};

}  // namespace gnomon::http
