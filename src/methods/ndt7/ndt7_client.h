#pragma once

// The client of ndt7: a download, an upload, or both, one after the other, over ws:// or wss://.
//
// measure() blocks, any thread: ten seconds a direction, thirteen at most, and before each as long as the server lets
// its clients wait for their turn (WebSocketRequest::most_for_answer).

#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/random.h"
#include "core/units.h"
#include "methods/ndt7/transfer_run.h"
#include "methods/test_failure.h"
#include "net/socket_space.h"

namespace gnomon::methods::ndt7 {

struct ClientOptions {
  std::string url;  // "wss://HOST[:PORT]", "ws://…", "HOST[:PORT]"; http/websocket_client.h
  bool download = true, upload = true;
  std::optional<Family> family;
  bool insecure = false;                                        // any certificate will do
  std::string ca_file;                                          // PEM; empty: the system's authorities
  std::string ticket;                                           // of a Gnomon server's queue; empty: none
  RunOptions run;                                               // `own` and `direction` are set by measure()
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // the namespace to test from
  Nanoseconds patience = std::chrono::seconds(40);              // to wait for one's turn
};

struct Ndt7Result {
  bool tls = false;
  std::optional<RunResult> download, upload;
};

// What goes on, for a live display. Called by the measuring thread.
struct Progress {
  std::function<void(schema::Direction)> asking;  // the server was asked; it may let us wait
  std::function<void()> begun;                    // it let us begin
  std::function<void(const schema::Transfer&)> sample;
};

// Failures: those of connect_websocket(); kRefused when the server answered something else, kTimedOut when it did not
// answer. A test that ended early is a result (RunEnd), not a failure.
Measured<Ndt7Result> measure(const ClientOptions& options, const Clock& clock, Random& random,
                             const Progress& progress = {});

// ndt7's figure: payload that the receiver had over the time it took, bits per second; 0 for a transfer without
// samples.
double mean_bits_per_second(const schema::Transfer& transfer);

}  // namespace gnomon::methods::ndt7
