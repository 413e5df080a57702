#include "wire/checksum.h"

#include "wire/byte_order.h"

namespace gnomon::wire {

std::uint16_t internet_checksum(std::span<const std::byte> bytes) noexcept {
  std::uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 1 < bytes.size(); i += 2) sum += load<std::uint16_t>(bytes, i);
  if (i < bytes.size()) sum += std::uint64_t{load<std::uint8_t>(bytes, i)} << 8;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

}  // namespace gnomon::wire
