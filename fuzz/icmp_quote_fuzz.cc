// links: wire
// ICMP errors and the packets they quote. The first byte chooses the family.
#include <cstddef>
#include <cstdint>
#include <span>

#include "wire/icmp.h"
#include "wire/udp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  if (size == 0) return 0;
  const auto family = (bytes[0] & 1) != 0 ? Family::kIpv6 : Family::kIpv4;
  const auto message = std::as_bytes(std::span(bytes, size)).subspan(1);
  const auto error = wire::decode_icmp_error(family, message);
  if (!error) {
    if (error.error().offset > message.size()) __builtin_trap();
    return 0;
  }
  if (error->transport.size() > message.size()) __builtin_trap();
  (void)wire::decode_udp_header(error->transport);
  (void)wire::decode_icmp_echo(family, error->transport);
  if (wire::icmp_error_text(family, error->type, error->code).empty()) __builtin_trap();
  return 0;
}
