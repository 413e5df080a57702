#pragma once

// Measures how much TCP carries to or from a capacity server (server.h; docs/spec/capacity.md).
//
// measure() blocks, on any thread, and begins threads of its own for the streams. The sink is called on the caller's
// thread.

#include <atomic>
#include <optional>
#include <string>

#include "core/clock.h"
#include "methods/test_failure.h"
#include "net/address.h"
#include "net/socket_space.h"
#include "schema/transfer.h"

namespace gnomon::methods::capacity {

inline constexpr std::uint16_t kPort = 24601;  // that of UDPST (RFC 9946), for TCP: one number to open for both
inline constexpr Nanoseconds kSampleInterval = std::chrono::milliseconds(50);

struct ClientOptions {
  net::Endpoint server;
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // the namespace to test from
  schema::Direction direction = schema::Direction::kDown;
  std::uint32_t streams = 1;                       // 1 to 64
  Nanoseconds most = std::chrono::seconds(10);     // at most 60 s
  Nanoseconds patience = std::chrono::minutes(5);  // to wait in line
  std::string congestion_control;                  // empty: the sending system's choice
  std::uint64_t pace_bps = 0;                      // bit/s of all streams together; 0: as fast as it goes
  std::uint32_t window_bytes = 0;                  // receive buffer of each stream; 0: the kernel's own tuning
  bool copy = false;                               // both ends copy the bytes, as an ordinary program does
};

// How it ended.
enum class Ending : std::uint8_t {
  kWhole,      // the time was over, or the sink had enough
  kCancelled,  // the flag was set
  kPeerGone,   // the server or the way to it went away in the middle: the samples end with the last byte
  kNothing,    // the streams stand, and not a byte came through within 5 s
};

struct TcpCapacity {
  schema::Transfer transfer;
  Ending ending = Ending::kWhole;
  std::string reason;                   // of kPeerGone
  Nanoseconds waited{};                 // in line
  std::optional<Nanoseconds> idle_rtt;  // of the control connection before the transfer, least
  std::string server_program;
  std::string congestion_control;  // of the sender
  std::uint32_t mss = 0;           // bytes, of the sender
  net::Endpoint local, server;
  bool counts_disagree = false;  // the server holds what we counted for impossible
};

class TransferSink {
 public:
  virtual ~TransferSink() = default;
  virtual void on_wait(std::uint64_t tests, Nanoseconds time) = 0;
  // The line is about to be filled.
  virtual void on_turn() {}
  // After each sample; true when that is enough.
  virtual bool on_sample(const schema::Transfer& transfer) = 0;
};

// Failures are what keeps a test from beginning: kRefused by the server, kTimedOut without an answer or a turn,
// kUnreachable, kNotRun (wrong options, no socket).
Measured<TcpCapacity> measure(const ClientOptions& options, const Clock& clock, TransferSink& sink,
                              const std::atomic<bool>& cancelled);

}  // namespace gnomon::methods::capacity
