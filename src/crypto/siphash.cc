#include "crypto/siphash.h"

#include <bit>
#include <cstring>

namespace gnomon::crypto {

namespace {

std::uint64_t load_little_endian(const std::byte* bytes, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  return value;
}

struct Lanes {
  std::uint64_t a, b, c, d;
  void round() {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  void absorb(std::uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
};

}  // namespace

std::uint64_t siphash(const SipHashKey& key, std::span<const std::byte> message) noexcept {
  const std::uint64_t k0 = load_little_endian(key.data(), 8);
  const std::uint64_t k1 = load_little_endian(key.data() + 8, 8);
  Lanes v{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573};
  std::size_t at = 0;
  for (; at + 8 <= message.size(); at += 8) v.absorb(load_little_endian(message.data() + at, 8));
  const std::uint64_t tail = load_little_endian(message.data() + at, message.size() - at);
  v.absorb(tail | static_cast<std::uint64_t>(message.size()) << 56);
  v.c ^= 0xff;
  for (int i = 0; i < 4; ++i) v.round();
  return v.a ^ v.b ^ v.c ^ v.d;
}

}  // namespace gnomon::crypto
