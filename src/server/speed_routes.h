#pragma once

// Speed tests over HTTP: ndt7 at its own two paths, and tickets for those who want to know where in line they stand.
// Thread-safe.
//
//   GET    /ndt/v7/download, /ndt/v7/upload[?ticket=ID]   WebSocket; without a ticket the answer waits for the turn
//   POST   /api/v1/speed/ticket[?tests=N]                 a place in line, for two tests or N
//   GET    /api/v1/speed/ticket/{id}[?before=N]           where it stands; with N waits until that is no longer N
//   DELETE /api/v1/speed/ticket/{id}                      gives it back

#include "http/router.h"
#include "methods/ndt7/transfer_run.h"
#include "methods/speed_desk.h"
#include "server/visitor_tests.h"

namespace gnomon::server {

struct SpeedRouteParts {
  methods::SpeedDesk& desk;
  VisitorTests& visitors;
  const Clock& clock;
  Random& random;
  methods::ndt7::RunOptions run{};
  std::vector<std::string> hosts{};  // other names of this server, whose pages may test here
};

// The desk, visitors, clock and source of randomness outlive the router's use and the tests.
void add_speed_routes(http::Router& router, const SpeedRouteParts& parts);

}  // namespace gnomon::server
