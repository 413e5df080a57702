#pragma once

// Asks a server for its configuration. Blocks its thread; `stop` ends it within about 100 ms.

#include <stop_token>
#include <vector>

#include "methods/responsiveness/course.h"
#include "methods/responsiveness/ready_loop.h"
#include "methods/test_failure.h"

namespace gnomon::methods::responsiveness {

struct Fetched {
  NqConfig config;
  net::Address address;  // that answered
};

// Tries the addresses in their order, each for five seconds at most. Failures as of measure().
Measured<Fetched> fetch_config(const NqUrl& url, const std::vector<net::Address>& addresses, const http::H2Tls* tls,
                               net::SocketSpace& space, const Clock& clock, const std::stop_token& stop);

}  // namespace gnomon::methods::responsiveness
