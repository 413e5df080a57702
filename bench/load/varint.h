#pragma once

// Varints of Protocol Buffers, appended (protobuf.dev/programming-guides/encoding). Pure functions.

#include <cstdint>
#include <string>

namespace gnomon::bench {

inline void put_unsigned(std::string& out, std::uint64_t value) {
  if (value < 0x80) {  // most are
    out.push_back(static_cast<char>(value));
    return;
  }
  char bytes[10];
  std::size_t size = 0;
  for (; value >= 0x80; value >>= 7) bytes[size++] = static_cast<char>(value | 0x80);
  bytes[size++] = static_cast<char>(value);
  out.append(bytes, size);
}

inline void put_signed(std::string& out, std::int64_t value) {
  put_unsigned(out, static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
}

}  // namespace gnomon::bench
