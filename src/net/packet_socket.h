#pragma once

// A datagram or raw socket that sends and receives in batches and tells when the kernel saw each packet (Linux
// SO_TIMESTAMPING, Documentation/networking/timestamping.rst): software timestamps at receipt, and twice at sending,
// when the packet is handed to the device's queue ("scheduled") and when the driver takes it ("transmitted"); all on
// CLOCK_REALTIME. Transmit timestamps and ICMP errors come through the socket's error queue.
//
// Belongs to one thread. `PacketBuffers` holds the arrays that the kernel fills; one serves any number of sockets of a
// thread, and what is received points into it until the next call.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "core/clock.h"
#include "core/error.h"
#include "core/units.h"
#include "net/address.h"
#include "net/file_descriptor.h"

namespace gnomon::net {

struct OutgoingPacket {
  Endpoint to;
  std::span<const std::byte> bytes;
  Dscp dscp{};
  std::uint8_t ecn = 0;  // two bits
  std::optional<Ttl> ttl;
  std::optional<Address> source;
  std::uint32_t id = 0;  // set by PacketSocket::send: the id that this packet's TransmitTime will carry
};

struct IncomingPacket {
  Endpoint from;
  std::span<const std::byte> bytes;  // the first PacketBuffers::snap_length() at most
  std::size_t size = 0;              // as it was sent
  std::optional<WallTime> kernel_time;
  std::optional<Ttl> ttl;
  std::uint8_t traffic_class = 0;
  std::optional<Address> destination;  // the address it was sent to
  bool unicast = true;                 // false when `destination` is no address of this host (broadcast, multicast)
};

struct TransmitTime {
  enum class Stage : std::uint8_t { kScheduled, kTransmitted };
  std::uint32_t id = 0;  // OutgoingPacket::id
  Stage stage = Stage::kTransmitted;
  WallTime time;
};

// An ICMP error about a packet of this socket.
struct ReportedError {
  Family family = Family::kIpv4;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  Endpoint to;                      // where the packet was going
  std::optional<Address> reporter;  // who said so
  std::span<const std::byte>
      bytes;  // the packet from its payload on (UDP) or its ICMP header on (ping socket), cut short
};

class PacketBuffers {
 public:
  static constexpr std::size_t kBatch = 32;
  // How much of each packet is kept.
  explicit PacketBuffers(std::size_t snap_length = 2048);
  ~PacketBuffers();
  [[nodiscard]] std::size_t snap_length() const;

 private:
  friend class PacketSocket;
  struct Arrays;
  std::unique_ptr<Arrays> arrays_;
};

class PacketSocket {
 public:
  // Takes over a non-blocking socket and asks the kernel for everything above; what it refuses is left out (a result
  // then says that its timestamps are the program's own).
  // Without `want_transmit_times` nothing comes through the error queue but ICMP errors, if those are asked for.
  PacketSocket(FileDescriptor fd, Family family, bool want_transmit_times = true);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] Family family() const { return family_; }
  [[nodiscard]] bool transmit_times() const { return transmit_times_; }
  [[nodiscard]] Status bind(const Endpoint& local);
  [[nodiscard]] std::optional<Endpoint> local() const;
  // ICMP errors through the error queue; for sockets that do not read ICMP themselves.
  void report_errors();

  // Sends in order, at most PacketBuffers::kBatch packets, each at most twice (an earlier packet's ICMP error may be
  // reported by a send and says nothing about this one). Returns how many left; when fewer than asked, `error` is the
  // errno of the first that did not. Ids restart at 0 after an error.
  std::size_t send(PacketBuffers& buffers, std::span<OutgoingPacket> packets, int& error);

  // One batch; returns how many. Fewer than kBatch: the socket is empty now. Each visit's packet is valid during it.
  std::size_t receive(PacketBuffers& buffers, const std::function<void(const IncomingPacket&)>& visit);
  std::size_t read_errors(PacketBuffers& buffers, const std::function<void(const TransmitTime&)>& on_time,
                          const std::function<void(const ReportedError&)>& on_error);

 private:
  bool request_timestamps(bool with_ids);
  FileDescriptor fd_;
  Family family_;
  bool transmit_times_ = false;
  std::uint32_t next_id_ = 0;
};

}  // namespace gnomon::net
