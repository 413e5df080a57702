// links: methods_udpst
// The PDUs of UDPST in all versions. What is decoded must encode to a PDU that decodes to the same values; what a
// status PDU asks for is obeyed only when it can be sent.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "methods/udpst/rate_table.h"
#include "methods/udpst/sub_interval.h"
#include "methods/udpst/udpst_codec.h"

namespace {

using namespace gnomon::methods::udpst;

template <typename Pdu, typename Decode>
void check_again(const Pdu& pdu, std::size_t size, std::span<const std::byte> bytes, const Decode& decode) {
  const auto again = decode(bytes.first(size));
  if (!again || !(*again == pdu)) __builtin_trap();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const auto input = std::as_bytes(std::span(bytes, size));
  std::array<std::byte, kLargestControlSize> out{};
  if (const auto pdu = decode_setup(input)) check_again(*pdu, encode(*pdu, out), out, decode_setup);
  if (const auto pdu = decode_null(input)) check_again(*pdu, encode(*pdu, out), out, decode_null);
  if (const auto pdu = decode_activation(input)) check_again(*pdu, encode(*pdu, out), out, decode_activation);
  if (const auto pdu = decode_load(input)) check_again(*pdu, encode(*pdu, out), out, decode_load);
  if (const auto pdu = decode_status(input)) {
    const std::uint16_t version = size == kOldStatusSize ? kOldestVersion : kProtocolVersion;
    check_again(*pdu, encode(*pdu, version, out), out, decode_status);
    if (is_sane(pdu->rate) && pdu->rate.interval1_us != 0 && pdu->rate.interval1_us < 100) __builtin_trap();
    (void)ip_rate(pdu->rate);
    const auto sub_interval = to_sub_interval(pdu->saved, gnomon::Family::kIpv6);
    (void)maximum_of({sub_interval});
  }
  return 0;
}
