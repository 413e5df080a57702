#pragma once

// ndt7's two paths on an HTTP server: whose turn it is says the desk, and a client waits for the answer to its upgrade
// until it has one.
//
//   GET /ndt/v7/download, /ndt/v7/upload[?ticket=ID]   WebSocket; without a ticket the answer waits for the turn

#include <functional>

#include "http/router.h"
#include "methods/ndt7/transfer_run.h"
#include "methods/speed_desk.h"

namespace gnomon::methods::ndt7 {

struct RouteParts {
  SpeedDesk& desk;
  const Clock& clock;
  Random& random;
  // False for a request that a page of somewhere else made: it may not spend the line of its reader.
  std::function<bool(const http::Request&)> is_own_page;
  RunOptions run{};
};

// The desk, the clock and the source of randomness outlive the router's use and the tests.
void add_ndt7_routes(http::Router& router, const RouteParts& parts);

}  // namespace gnomon::methods::ndt7
