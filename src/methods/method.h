#pragma once

// What a delay method is told and what it tells. The probe and the command line see only this file, methods/engine.h
// and methods/registry/registry.h.
//
// Everything here is a plain value, except DelaySink, whose calls come from the engine's thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "core/units.h"
#include "net/address.h"
#include "net/socket_space.h"
#include "schema/delay_window.h"

namespace gnomon::methods {

// Names a path in one Engine; never used twice by it.
enum class PathHandle : std::uint32_t {};

// Options of the method "stamp" (RFC 8762, RFC 8972); echo looks at none of them.
struct StampOptions {
  std::uint16_t session_id = 0;     // SSID; 0 lets the engine choose one
  bool stateful_reflector = false;  // the reflector counts on its own, hence tells the direction of loss; found out by
                                    // itself as soon as the numbers differ, but only this makes it known beforehand
  bool twamp_light = false;         // send RFC 5357 test packets: no SSID, padding instead of TLVs
};

// One path to measure. Durations must be positive; interval at least 100 µs; timeout at most 60 s.
struct DelaySpec {
  std::string method;                                           // "echo", "stamp"
  net::Endpoint target;                                         // resolved by the caller; the port only for stamp
  std::optional<net::Address> source;                           // address to send from; the kernel's choice when empty
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // the namespace to measure from

  Nanoseconds interval = std::chrono::seconds(1);
  Nanoseconds timeout = std::chrono::seconds(3);
  Nanoseconds window = std::chrono::seconds(10);
  Nanoseconds phase{};      // the first packet leaves this long after add(), at most `interval`
  std::uint64_t count = 0;  // packets to send in all; 0 means until removed

  std::uint32_t payload_bytes = 56;  // after the ICMP or UDP header; a method's least size is applied (docs/methods/)
  Dscp dscp{};
  std::optional<Ttl> ttl;
  bool same_clock = false;  // both ends read one clock (a lab on one machine): one-way delays are as good as timestamps
  bool report_packets = false;  // call DelaySink::on_packet for this path
  StampOptions stamp;
};

// What became of one packet, for live views.
struct PacketReport {
  enum class Fate : std::uint8_t { kAnswered, kLost, kUnreachable, kNotSent, kDuplicate, kLate, kStray };

  std::uint32_t sequence = 0;  // from 0; meaningless for kStray
  Fate fate = Fate::kAnswered;
  // kAnswered only:
  Nanoseconds rtt{};
  Nanoseconds error_bound{};
  schema::TimestampSource source = schema::TimestampSource::kUnknown;
  std::optional<Nanoseconds> forward, backward, clock_bound;
  std::optional<Ttl> answer_ttl;
  // kUnreachable: who said so and what, "time exceeded in transit". kNotSent: the errno's text.
  std::optional<net::Address> reporter;
  std::string reason;
};

class DelaySink {
 public:
  virtual ~DelaySink() = default;
  // Every packet sent is counted in exactly one window, which comes when the last packet's time-out has passed. Windows
  // end at multiples of their length on the wall clock as it stood when the engine started, and where the path falls
  // silent or answers again (docs/adr/0008); those that are shorter therefore, the first and the last of a path carry
  // kMarkPartial.
  virtual void on_window(PathHandle path, schema::DelayWindow window) = 0;
  virtual void on_packet(PathHandle, const PacketReport&) {}
  // The path is gone: its count was reached, or remove() has taken effect. Nothing comes after it.
  virtual void on_end(PathHandle) {}
};

}  // namespace gnomon::methods
