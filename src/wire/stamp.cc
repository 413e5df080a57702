#include "wire/stamp.h"

#include <algorithm>
#include <array>

#include "wire/byte_order.h"

namespace gnomon::wire {
namespace {

StampSenderPacket load_sender(std::span<const std::byte> bytes) noexcept {
  return {load<std::uint32_t>(bytes, 0), load<std::uint64_t>(bytes, 4), load<std::uint16_t>(bytes, 12), 0};
}

void store_sender(const StampSenderPacket& packet, std::span<std::byte> bytes) noexcept {
  store(bytes, 0, packet.sequence);
  store(bytes, 4, packet.timestamp);
  store(bytes, 12, packet.error_estimate);
}

}  // namespace

Decoded<ReceivedRequest> decode_stamp_request(std::span<const std::byte> payload) noexcept {
  if (payload.size() < kTwampSenderSize) return malformed("shorter than a test packet", payload.size());
  ReceivedRequest request{load_sender(payload), SenderDialect::kTwampLight};
  if (payload.size() < kStampBaseSize) return request;
  const auto zero = payload.subspan(16, 28);
  if (std::all_of(zero.begin(), zero.end(), [](std::byte b) { return b == std::byte{0}; })) {
    request.dialect = SenderDialect::kStamp;
    request.packet.session_id = load<std::uint16_t>(payload, 14);
  }
  return request;
}

Decoded<StampReflectorPacket> decode_stamp_reply(std::span<const std::byte> payload) noexcept {
  if (payload.size() < kLeastReflectedSize) return malformed("shorter than a reflected test packet", payload.size());
  StampReflectorPacket packet;
  packet.sequence = load<std::uint32_t>(payload, 0);
  packet.timestamp = load<std::uint64_t>(payload, 4);
  packet.error_estimate = load<std::uint16_t>(payload, 12);
  packet.session_id = load<std::uint16_t>(payload, 14);
  packet.receive_timestamp = load<std::uint64_t>(payload, 16);
  packet.sender = load_sender(payload.subspan(24));
  if (payload.size() >= kTwampReflectorSize) packet.sender_ttl = Ttl{load<std::uint8_t>(payload, 40)};
  return packet;
}

void encode_stamp_request(const StampSenderPacket& packet, SenderDialect dialect, std::span<std::byte> out) noexcept {
  store_sender(packet, out);
  if (dialect == SenderDialect::kTwampLight) return;
  store(out, 14, packet.session_id);
  std::fill_n(out.begin() + 16, 28, std::byte{0});
}

void encode_stamp_reply(const StampReflectorPacket& packet, SenderDialect dialect,
                        std::span<std::byte> payload) noexcept {
  std::array<std::byte, kStampBaseSize> reply{};
  store(reply, 0, packet.sequence);
  store(reply, 4, packet.timestamp);
  store(reply, 12, packet.error_estimate);
  store(reply, 14, packet.session_id);
  store(reply, 16, packet.receive_timestamp);
  store_sender(packet.sender, std::span(reply).subspan(24));
  if (packet.sender_ttl) store(reply, 40, packet.sender_ttl->value);
  const std::size_t own = dialect == SenderDialect::kStamp ? kStampBaseSize : kTwampReflectorSize;
  std::copy_n(reply.begin(), std::min(own, payload.size()), payload.begin());
}

}  // namespace gnomon::wire
