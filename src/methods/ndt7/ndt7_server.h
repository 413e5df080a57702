#pragma once

// The server's side of ndt7: what a request must look like, and the answer that begins a test. Who may begin, and when,
// is the caller's (methods/speed_queue.h). Thread-safe.

#include <functional>
#include <optional>

#include "core/clock.h"
#include "core/random.h"
#include "http/message.h"
#include "methods/ndt7/transfer_run.h"

namespace gnomon::methods::ndt7 {

// What is wrong with a request to one of the two paths; nothing when it may be answered with begin_test(). The route
// has seen to it that it asks for WebSocket.
std::optional<http::Response> refusal_of(const http::Request& request);

// 101, and then the test, whose end `done` hears of by the connection's own thread. Clock and randomness are used until
// then. Browsers get smaller messages.
http::Response begin_test(const http::Request& request, RunOptions options, const Clock& clock, Random& random,
                          std::function<void(const RunResult&)> done);

}  // namespace gnomon::methods::ndt7
