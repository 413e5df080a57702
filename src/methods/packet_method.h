#pragma once

// What a delay method brings: how to open its socket, write its packets and read its answers. The engine does the rest,
// so that a new method of this kind is one folder with one Method.
//
// A Method is immutable (any thread); a PacketCodec belongs to the engine's thread, with its socket. On one
// channel (socket and codec) no two paths have the same target, hence answers find their path by the address they come
// from.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>

#include "core/error.h"
#include "core/random.h"
#include "methods/delay_sample.h"
#include "methods/method.h"
#include "net/kernel_clock.h"
#include "net/packet_socket.h"

namespace gnomon::methods {

// What a packet from the network turned out to be.
struct NotOurs {};  // another program's traffic
struct Forged {};   // meant for us, and not what our packets are answered with
struct Answer {
  std::uint32_t sequence = 0;
  bool short_sequence = false;  // only the low 16 bits came back
  std::uint64_t cookie = 0;
  std::optional<std::uint32_t> remote_sequence;
  std::optional<ReflectorTimes> reflector;
};
struct Refusal {  // an ICMP error about one of our packets
  net::Endpoint to;
  std::uint32_t sequence = 0;
  bool short_sequence = false;
  std::optional<std::uint64_t> cookie;  // when the quote reached so far
  std::optional<net::Address> reporter;
  std::string_view reason;  // a string literal
};
using Reading = std::variant<NotOurs, Forged, Answer, Refusal>;

struct PacketToWrite {
  const DelaySpec* spec = nullptr;
  std::uint32_t sequence = 0;
  WallTime now;
  net::ClockQuality clock;
};

class PacketCodec {
 public:
  virtual ~PacketCodec() = default;
  // Writes a whole packet into `out` (packet_size bytes) and returns the cookie that its answer must bring back.
  virtual std::uint64_t write(const PacketToWrite& packet, std::span<std::byte> out) = 0;
  virtual Reading read(const net::IncomingPacket& packet, WallTime now) noexcept = 0;
  virtual Reading read(const net::ReportedError& error) noexcept = 0;
};

struct PacketChannel {
  net::PacketSocket socket;
  std::unique_ptr<PacketCodec> codec;
};

class Method {
 public:
  virtual ~Method() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  // Fills in what the method decides (least size, port) and refuses what it cannot do.
  virtual Status complete(DelaySpec& spec) const = 0;
  // How many bytes `write` wants for a completed spec.
  [[nodiscard]] virtual std::size_t packet_size(const DelaySpec& spec) const = 0;
  // A channel for this path and others of its namespace and family.
  virtual Result<PacketChannel> open(const DelaySpec& spec, Random& random) const = 0;
};

}  // namespace gnomon::methods
