#include "schema/packed_column.h"

#include <bit>
#include <cstring>

namespace gnomon::schema {

namespace {

static_assert(std::endian::native == std::endian::little, "eight bytes of a varint are read as one word");

constexpr std::uint64_t kContinues = 0x8080808080808080;  // the bit of each byte that says "more follows"

std::uint64_t load(const std::byte* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// Eight bytes of seven bits each, the low one first → 56 bits.
std::uint64_t pack_sevens(std::uint64_t x) {
  x = (x & 0x007f007f007f007f) | (x & 0x7f007f007f007f00) >> 1;
  x = (x & 0x00003fff00003fff) | (x & 0x3fff00003fff0000) >> 2;
  return (x & 0x000000000fffffff) | (x & 0x0fffffff00000000) >> 4;
}

// One varint byte by byte; null when it is cut short or longer than ten bytes.
const std::byte* read_slowly(const std::byte* at, const std::byte* end, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 70 && at < end; shift += 7) {
    const auto octet = std::to_integer<std::uint64_t>(*at++);
    if (shift < 64) value |= (octet & 0x7f) << shift;
    if (octet < 0x80) return at;
  }
  return nullptr;
}

template <typename T, typename Decode>
bool read_column(std::span<const std::byte> packed, std::span<T> out, Decode decode) {
  const std::byte* at = packed.data();
  const std::byte* const end = at + packed.size();
  T* to = out.data();
  T* const full = to + out.size();
  while (end - at >= 8 && to < full) {
    const std::uint64_t word = load(at);
    const std::uint64_t ends = ~word & kContinues;
    if (ends == kContinues && full - to >= 8) {  // eight small values
      for (int i = 0; i < 8; ++i) to[i] = decode(word >> (8 * i) & 0x7f);
      to += 8;
      at += 8;
    } else if (ends != 0) {
      const int last = std::countr_zero(ends);  // bit 7 of the varint's last byte
      const std::uint64_t own = word & (~std::uint64_t{0} >> (63 - last));
      *to++ = decode(pack_sevens(own & ~kContinues));
      at += last / 8 + 1;
    } else {
      std::uint64_t value = 0;
      at = read_slowly(at, end, value);
      if (at == nullptr) return false;
      *to++ = decode(value);
    }
  }
  for (; at < end && to < full; ++to) {
    std::uint64_t value = 0;
    at = read_slowly(at, end, value);
    if (at == nullptr) return false;
    *to = decode(value);
  }
  return at == end && to == full;
}

std::int32_t unzigzag32(std::uint64_t wide) {
  const auto v = static_cast<std::uint32_t>(wide);
  return static_cast<std::int32_t>(v >> 1 ^ (~(v & 1) + 1));
}

std::int64_t unzigzag64(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1 ^ (~(v & 1) + 1));
}

}  // namespace

std::size_t count_varints(std::span<const std::byte> packed) noexcept {
  std::size_t count = 0;
  std::size_t at = 0;
  for (; packed.size() - at >= 8; at += 8) {
    const std::uint64_t ends = ~load(packed.data() + at) & kContinues;
    count += (ends >> 7) * 0x0101010101010101 >> 56;  // adds up the bytes, each 0 or 1
  }
  for (; at < packed.size(); ++at) count += std::to_integer<unsigned>(packed[at]) < 0x80 ? 1 : 0;
  return count;
}

bool read_packed(std::span<const std::byte> packed, std::span<std::uint32_t> out) noexcept {
  return read_column(packed, out, [](std::uint64_t v) { return static_cast<std::uint32_t>(v); });
}

bool read_packed(std::span<const std::byte> packed, std::span<std::int32_t> out) noexcept {
  return read_column(packed, out, [](std::uint64_t v) { return static_cast<std::int32_t>(v); });
}

bool read_packed_zigzag(std::span<const std::byte> packed, std::span<std::int32_t> out) noexcept {
  return read_column(packed, out, unzigzag32);
}

bool read_packed_zigzag(std::span<const std::byte> packed, std::span<std::int64_t> out) noexcept {
  return read_column(packed, out, unzigzag64);
}

}  // namespace gnomon::schema
