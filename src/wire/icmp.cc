#include "wire/icmp.h"

#include "wire/byte_order.h"
#include "wire/checksum.h"

namespace gnomon::wire {

Decoded<IcmpEcho> decode_icmp_echo(Family family, std::span<const std::byte> message) noexcept {
  if (message.size() < kIcmpHeaderSize) return malformed("truncated ICMP header", message.size());
  const bool v4 = family == Family::kIpv4;
  const auto type = load<std::uint8_t>(message, 0);
  const bool reply = type == (v4 ? kIcmp4EchoReply : kIcmp6EchoReply);
  if (!reply && type != (v4 ? kIcmp4Echo : kIcmp6Echo)) return malformed("not an echo message", 0);
  if (load<std::uint8_t>(message, 1) != 0) return malformed("echo code is not 0", 1);
  return IcmpEcho{reply, load<std::uint16_t>(message, 4), load<std::uint16_t>(message, 6),
                  message.subspan(kIcmpHeaderSize)};
}

void encode_icmp_echo_request(Family family, std::uint16_t identifier, std::uint16_t sequence,
                              std::span<std::byte> message) noexcept {
  store<std::uint8_t>(message, 0, family == Family::kIpv4 ? kIcmp4Echo : kIcmp6Echo);
  store<std::uint8_t>(message, 1, 0);
  store<std::uint16_t>(message, 2, 0);
  store<std::uint16_t>(message, 4, identifier);
  store<std::uint16_t>(message, 6, sequence);
  if (family == Family::kIpv4) store<std::uint16_t>(message, 2, internet_checksum(message));
}

bool is_icmp_error(Family family, std::uint8_t type) noexcept {
  if (family == Family::kIpv4) {
    return type == kIcmp4Unreachable || type == kIcmp4TimeExceeded || type == kIcmp4ParameterProblem;
  }
  return type >= kIcmp6Unreachable && type <= kIcmp6ParameterProblem;
}

Decoded<IcmpError> decode_icmp_error(Family family, std::span<const std::byte> message) noexcept {
  if (message.size() < kIcmpHeaderSize) return malformed("truncated ICMP header", message.size());
  IcmpError error;
  error.type = load<std::uint8_t>(message, 0);
  error.code = load<std::uint8_t>(message, 1);
  if (!is_icmp_error(family, error.type)) return malformed("not an error message", 0);
  const auto packet = message.subspan(kIcmpHeaderSize);
  const auto header = decode_ip_header(packet);
  if (!header) return malformed(header.error().reason, header.error().offset + kIcmpHeaderSize);
  if (header->family != family) return malformed("quotes a packet of the other family", kIcmpHeaderSize);
  error.quoted = *header;
  error.transport = packet.subspan(header->payload_offset);
  return error;
}

namespace {

// IANA "ICMP Type Numbers", type 3.
std::string_view unreachable4_text(std::uint8_t code) noexcept {
  switch (code) {
    case 0:
      return "network unreachable";
    case 1:
      return "host unreachable";
    case 2:
      return "protocol unreachable";
    case 3:
      return "port unreachable";
    case 4:
      return "packet too big and not to be fragmented";
    case 6:
      return "network unknown";
    case 7:
      return "host unknown";
    case 9:
    case 10:
    case 13:
      return "prohibited by a filter";
    case 11:
    case 12:
      return "unreachable for this type of service";
  }
  return "destination unreachable";
}

// IANA "ICMPv6 Parameters", type 1.
std::string_view unreachable6_text(std::uint8_t code) noexcept {
  switch (code) {
    case 0:
      return "no route to destination";
    case 1:
      return "prohibited by a filter";
    case 2:
      return "beyond the scope of the source address";
    case 3:
      return "address unreachable";
    case 4:
      return "port unreachable";
    case 5:
      return "source address failed the policy";
    case 6:
      return "route rejects the destination";
  }
  return "destination unreachable";
}

}  // namespace

std::string_view icmp_error_text(Family family, std::uint8_t type, std::uint8_t code) noexcept {
  const bool v4 = family == Family::kIpv4;
  if (type == (v4 ? kIcmp4Unreachable : kIcmp6Unreachable))
    return v4 ? unreachable4_text(code) : unreachable6_text(code);
  if (!v4 && type == kIcmp6PacketTooBig) return "packet too big";
  if (type == (v4 ? kIcmp4TimeExceeded : kIcmp6TimeExceeded)) {
    return code == 0 ? "time exceeded in transit" : "reassembly time exceeded";
  }
  if (type == (v4 ? kIcmp4ParameterProblem : kIcmp6ParameterProblem)) return "parameter problem";
  return "ICMP error";
}

}  // namespace gnomon::wire
