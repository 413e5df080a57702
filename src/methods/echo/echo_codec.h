#pragma once

// Echo requests with a cookie, and what comes back. Belongs to the engine's thread.
//
// ICMP payload:  0  cookie (8)   8  zero …
// The cookie is SipHash-2-4 of target and sequence number under a key of this channel: an answer that nobody was asked
// for cannot know it.

#include "crypto/siphash.h"
#include "methods/packet_method.h"

namespace gnomon::methods::echo {

inline constexpr std::size_t kCookieSize = 8;

class EchoCodec final : public PacketCodec {
 public:
  // `identifier`: of this channel's packets; nothing on a ping socket, where the kernel chooses and checks it.
  // `with_ip_header`: received packets begin with their IPv4 header (raw sockets, raw(7)).
  EchoCodec(Family family, std::optional<std::uint16_t> identifier, bool with_ip_header, const crypto::SipHashKey& key)
      : family_(family), identifier_(identifier), with_ip_header_(with_ip_header), key_(key) {}

  std::uint64_t write(const PacketToWrite& packet, std::span<std::byte> out) override;
  Reading read(const net::IncomingPacket& packet, WallTime now) noexcept override;
  Reading read(const net::ReportedError& error) noexcept override;

 private:
  [[nodiscard]] std::uint64_t cookie(const net::Address& target, std::uint32_t sequence) const;
  Reading read_error(std::span<const std::byte> message, const net::Address& reporter) const noexcept;

  Family family_;
  std::optional<std::uint16_t> identifier_;
  bool with_ip_header_;
  crypto::SipHashKey key_;
};

}  // namespace gnomon::methods::echo
