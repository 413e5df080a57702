#include "methods/echo/echo_codec.h"

#include <algorithm>
#include <array>

#include "wire/byte_order.h"
#include "wire/icmp.h"

namespace gnomon::methods::echo {
namespace {

net::Address address_of(Family family, const std::array<std::byte, 16>& bytes) {
  if (family == Family::kIpv6) return net::Address::v6(bytes);
  return net::Address::v4({bytes[0], bytes[1], bytes[2], bytes[3]});
}

// The cookie in an echo request's or reply's payload, when so much of it is there.
std::optional<std::uint64_t> payload_cookie(std::span<const std::byte> payload) noexcept {
  if (payload.size() < kCookieSize) return std::nullopt;
  return wire::load<std::uint64_t>(payload, 0);
}

}  // namespace

std::uint64_t EchoCodec::cookie(const net::Address& target, std::uint32_t sequence) const {
  std::array<std::byte, 20> message{};
  std::copy(target.bytes().begin(), target.bytes().end(), message.begin());
  wire::store(message, 16, sequence);
  return crypto::siphash(key_, message);
}

std::uint64_t EchoCodec::write(const PacketToWrite& packet, std::span<std::byte> out) {
  const auto value = cookie(packet.spec->target.address, packet.sequence);
  std::fill(out.begin(), out.end(), std::byte{0});
  wire::store(out, wire::kIcmpHeaderSize, value);
  wire::encode_icmp_echo_request(family_, identifier_.value_or(0), static_cast<std::uint16_t>(packet.sequence), out);
  return value;
}

Reading EchoCodec::read(const net::IncomingPacket& packet, WallTime) noexcept {
  auto message = packet.bytes;
  if (with_ip_header_) {
    const auto header = wire::decode_ip_header(message);
    if (!header) return NotOurs{};
    message = message.subspan(header->payload_offset);
  }
  if (message.empty()) return NotOurs{};
  if (wire::is_icmp_error(family_, wire::load<std::uint8_t>(message, 0))) {
    return read_error(message, packet.from.address);
  }
  const auto echo = wire::decode_icmp_echo(family_, message);
  if (!echo || !echo->reply) return NotOurs{};
  if (identifier_ && echo->identifier != *identifier_) return NotOurs{};
  const auto value = payload_cookie(echo->payload);
  if (!value) return Forged{};
  return Answer{echo->sequence, true, *value, std::nullopt, std::nullopt};
}

Reading EchoCodec::read_error(std::span<const std::byte> message, const net::Address& reporter) const noexcept {
  const auto error = wire::decode_icmp_error(family_, message);
  if (!error) return NotOurs{};
  const auto protocol = family_ == Family::kIpv4 ? wire::kProtocolIcmp : wire::kProtocolIcmp6;
  const auto request = wire::decode_icmp_echo(family_, error->transport);
  if (error->quoted.protocol != protocol || !request || request->reply) return NotOurs{};
  if (identifier_ && request->identifier != *identifier_) return NotOurs{};
  return Refusal{{address_of(family_, error->quoted.destination), Port{0}},
                 request->sequence,
                 true,
                 payload_cookie(request->payload),
                 reporter,
                 wire::icmp_error_text(family_, error->type, error->code)};
}

Reading EchoCodec::read(const net::ReportedError& error) noexcept {
  if (!wire::is_icmp_error(family_, error.type)) return NotOurs{};
  const auto request = wire::decode_icmp_echo(family_, error.bytes);
  if (!request || request->reply) return NotOurs{};
  return Refusal{
      {error.to.address, Port{0}},      request->sequence, true,
      payload_cookie(request->payload), error.reporter,    wire::icmp_error_text(family_, error.type, error.code)};
}

}  // namespace gnomon::methods::echo
