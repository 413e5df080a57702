#pragma once

// Test packets and their reflections. Belongs to the engine's thread.
//
// A test packet has no room for a cookie of ours; but its reflection carries the sender's 64-bit timestamp back. The
// low eight bits of that (60 ns, below what a clock read is worth) are filled by SipHash-2-4 of the sequence number,
// and the rest is the time of a system call to the nanosecond: together with sequence number and port that is what a
// forger off the path would have to guess.

#include "crypto/siphash.h"
#include "methods/packet_method.h"

namespace gnomon::methods::stamp {

class StampCodec final : public PacketCodec {
 public:
  StampCodec(Family family, std::uint16_t session_id, const crypto::SipHashKey& key)
      : family_(family), session_id_(session_id), key_(key) {}

  std::uint64_t write(const PacketToWrite& packet, std::span<std::byte> out) override;
  Reading read(const net::IncomingPacket& packet, WallTime now) noexcept override;
  Reading read(const net::ReportedError& error) noexcept override;

 private:
  Family family_;
  std::uint16_t session_id_;  // for specs without one of their own
  crypto::SipHashKey key_;
};

}  // namespace gnomon::methods::stamp
