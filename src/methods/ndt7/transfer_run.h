#pragma once

// One ndt7 test, from the handshake on, at either end and in either direction: one side sends binary messages as fast
// as they go, both may tell each other what they see, and a record is made of all of it.
//
// run_transfer() blocks for the length of the test, thirteen seconds at most, and belongs to one thread; it ends at
// once when the stream is cut.

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/random.h"
#include "http/byte_stream.h"
#include "http/websocket_reader.h"
#include "methods/ndt7/measurement.h"
#include "methods/ndt7/spec.h"
#include "schema/transfer.h"

namespace gnomon::methods::ndt7 {

struct RunOptions {
  http::WebSocketRole own = http::WebSocketRole::kServer;
  schema::Direction direction = schema::Direction::kDown;
  std::uint64_t largest_message = kLargestMessage;  // that this end sends
  Nanoseconds length = kLength;
  Nanoseconds grace = kGrace;
  Nanoseconds killed_after = kKilledAfter;
  Nanoseconds idle_after = kIdleAfter;
  Nanoseconds measure_every = kMeasureEvery;
  const std::atomic<bool>* cancel = nullptr;  // looked at as often as it measures
  // False: the samples are what this end's own kernel saw, whatever the peer tells; a peer may lie.
  bool believes_peer = true;
};

enum class RunEnd : std::uint8_t {
  kDone,    // with a closing handshake
  kBroken,  // without one, or the peer broke the protocol; what was measured until then holds
  kIdle,    // nothing moved for RunOptions::idle_after
  kKilled,  // at RunOptions::killed_after
  kCancelled,
};
std::string_view to_string(RunEnd end);

struct RunResult {
  // Of a download's server and an upload's client the samples are what the receiver told; where it told nothing, what
  // TCP has seen acknowledged, by the sender's clock.
  schema::Transfer transfer;
  Nanoseconds elapsed{};    // from the handshake to the last byte of payload
  std::uint64_t bytes = 0;  // of payload that this end sent or received
  // The kernel's smoothed round trip when the test began: of the handshakes, so of a path that this test does not fill.
  std::optional<Nanoseconds> idle_rtt;
  RunEnd end = RunEnd::kDone;
  std::string fault;                // of kBroken, in words
  std::optional<Measurement> peer;  // its last one
  std::string own_endpoint, peer_endpoint;
};

// Called after each sample, by the thread of the test.
using OnSample = std::function<void(const schema::Transfer&)>;

RunResult run_transfer(http::ByteStream& stream, const RunOptions& options, const Clock& clock, Random& random,
                       const OnSample& on_sample = {});

}  // namespace gnomon::methods::ndt7
