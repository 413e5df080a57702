// links: wire
// What a raw ICMP socket receives: an IPv4 packet, or an ICMPv6 message.
#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/icmp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  const auto input = std::as_bytes(std::span(bytes, size));
  if (const auto header = wire::decode_ip_header(input)) {
    (void)wire::decode_icmp_echo(header->family, input.subspan(header->payload_offset));
  }
  for (const auto family : {Family::kIpv4, Family::kIpv6}) {
    const auto echo = wire::decode_icmp_echo(family, input);
    if (echo && echo->payload.size() + wire::kIcmpHeaderSize != size) __builtin_trap();
  }
  return 0;
}
