#include "wire/stamp_tlv.h"

#include <algorithm>

#include "wire/byte_order.h"

namespace gnomon::wire {

Decoded<StampTlv> decode_stamp_tlv(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kTlvHeaderSize) return malformed("truncated TLV header", bytes.size());
  const std::size_t length = load<std::uint16_t>(bytes, 2);
  if (bytes.size() - kTlvHeaderSize < length) return malformed("TLV longer than the packet", 2);
  return StampTlv{load<std::uint8_t>(bytes, 0), load<std::uint8_t>(bytes, 1), bytes.subspan(kTlvHeaderSize, length)};
}

TlvCounts mark_stamp_tlvs(std::span<std::byte> tlvs) noexcept {
  TlvCounts counts;
  const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
  if (std::all_of(tlvs.begin(), tlvs.end(), is_zero)) return counts;
  while (!tlvs.empty()) {
    const auto tlv = decode_stamp_tlv(tlvs);
    if (!tlv) {
      // Not even a type to recognise, or a length that lies: M, and U as the sender set it.
      store<std::uint8_t>(tlvs, 0, load<std::uint8_t>(tlvs, 0) | kTlvMalformed);
      counts.malformed = 1;
      return counts;
    }
    const bool known = tlv->type == kTlvExtraPadding;
    store<std::uint8_t>(tlvs, 0, known ? 0 : kTlvUnrecognized);
    ++(known ? counts.known : counts.unrecognized);
    tlvs = tlvs.subspan(kTlvHeaderSize + tlv->value.size());
  }
  return counts;
}

void encode_extra_padding(std::span<std::byte> out) noexcept {
  std::fill(out.begin(), out.end(), std::byte{0});
  store<std::uint8_t>(out, 0, kTlvUnrecognized);
  store<std::uint8_t>(out, 1, kTlvExtraPadding);
  store<std::uint16_t>(out, 2, static_cast<std::uint16_t>(out.size() - kTlvHeaderSize));
}

}  // namespace gnomon::wire
