#pragma once

// What all connections of one test have in common. A plain value; what it points to must outlive the test.

#include "core/clock.h"
#include "http/h2_client.h"
#include "http/h2_tls.h"
#include "methods/responsiveness/nq_config.h"
#include "net/socket_space.h"

namespace gnomon::methods::responsiveness {

struct Course {
  net::SocketSpace& space;
  const Clock& clock;
  const http::H2Tls* tls;  // null: plain
  http::H2Peer peer;
  NqConfig config;

  [[nodiscard]] Result<std::unique_ptr<http::H2Client>> connect(http::H2Events& events) const {
    return http::H2Client::open(space, peer, tls, clock, events);
  }
};

}  // namespace gnomon::methods::responsiveness
