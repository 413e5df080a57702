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
  // Told of a test that begins, with its ticket (empty: none); what it gives back is told how the test ended, and is
  // let go of when it did not begin after all. Without it the log is told (log_test()).
  using Ended = std::function<void(const RunResult&)>;
  std::function<Ended(const http::Request&, std::string ticket)> on_begin{};
};

// A line of the log: who is told as the caller names him.
void log_test(std::string_view who, const RunResult& result);

// The desk, the clock and the source of randomness outlive the router's use and the tests.
void add_ndt7_routes(http::Router& router, const RouteParts& parts);

}  // namespace gnomon::methods::ndt7
