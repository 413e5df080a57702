#pragma once

// What a reflector does with one packet, without I/O: sessions, rate limit, answer. Belongs to the reflector's thread.

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>

#include "core/clock.h"
#include "methods/stamp/reflector.h"
#include "net/kernel_clock.h"
#include "net/packet_socket.h"

namespace gnomon::methods::stamp {

// How many packets per second each source may have: a bucket of one second's worth, refilled evenly.
class SourceLimits {
 public:
  SourceLimits(std::uint32_t packets_per_second, std::size_t source_limit)
      : rate_(packets_per_second), limit_(source_limit) {}
  // True: answer. Sources are IPv4 addresses and IPv6 /64s.
  bool admit(const net::Address& source, MonotonicTime now);
  [[nodiscard]] std::size_t size() const { return buckets_.size(); }

 private:
  struct Bucket {
    double tokens = 0;
    MonotonicTime filled;
  };
  bool take(Bucket& bucket, MonotonicTime now) const;
  Bucket& bucket_of(const net::Address& source, MonotonicTime now);
  double rate_;
  std::size_t limit_;
  std::unordered_map<net::Address, Bucket> buckets_;
  Bucket others_;          // shared by all sources for which there is no room
  MonotonicTime cleaned_;  // when sources were last forgotten
};

// A sender, as the reflector tells one from another (RFC 8972 §3: addresses, ports and SSID).
struct SessionKey {
  net::Endpoint sender;
  net::Address local;
  std::uint32_t socket = 0;  // namespaces may use the same addresses
  std::uint16_t session_id = 0;
  friend bool operator==(const SessionKey&, const SessionKey&) = default;
};
struct SessionKeyHash {
  std::size_t operator()(const SessionKey& key) const noexcept;
};

// Counts the packets of each session.
class Sessions {
 public:
  Sessions(std::size_t limit, Nanoseconds timeout) : limit_(limit), timeout_(timeout) {}
  // The number for the packet just received, from 0; nothing when there is no room for a new session.
  std::optional<std::uint32_t> next(const SessionKey& key, MonotonicTime now);
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

 private:
  struct Session {
    std::uint32_t next = 0;
    MonotonicTime last;
  };
  void expire(MonotonicTime now);
  std::size_t limit_;
  Nanoseconds timeout_;
  MonotonicTime expired_;  // when last looked for old ones
  std::unordered_map<SessionKey, Session, SessionKeyHash> sessions_;
};

// The socket a request came by.
struct ReflectorPort {
  std::uint32_t socket = 0;
  Port port;
};

struct ReflectionTimes {
  MonotonicTime now;
  WallTime received;  // the kernel's timestamp where there is one
  WallTime sent;      // as late as can be told
  net::ClockQuality clock;
};

class Reflection {
 public:
  explicit Reflection(const ReflectorOptions& options)
      : stateful_(options.stateful),
        sessions_(options.session_limit, options.session_timeout),
        limits_(options.packets_per_second, options.source_limit) {}

  // Turns `payload`, the whole request, into its answer in place. False: nothing is to be sent; the counters say why.
  bool reflect(const net::IncomingPacket& request, const ReflectorPort& at, const ReflectionTimes& times,
               std::span<std::byte> payload);
  [[nodiscard]] ReflectorCounters counters() const;
  void send_failed() { ++counters_.send_failed; }

 private:
  [[nodiscard]] bool acceptable(const net::IncomingPacket& request, const ReflectorPort& at) const;
  bool stateful_;
  Sessions sessions_;
  SourceLimits limits_;
  ReflectorCounters counters_;
};

}  // namespace gnomon::methods::stamp
