#pragma once

// The wire form of Protocol Buffers, field by field, without copying: for messages whose bytes must be kept as they
// came (protobuf.dev/programming-guides/encoding). Borrowed bytes; one thread.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "schema/decode_error.h"

namespace gnomon::schema {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

struct ProtoField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t value = 0;  // of a varint or fixed-width field
  bool is_bytes = false;
  std::span<const std::byte> bytes;  // of a length-delimited field
  std::uint64_t offset = 0;          // of the field's tag
  std::uint64_t bytes_offset = 0;    // of `bytes`
};

class ProtoReader {
 public:
  explicit ProtoReader(std::span<const std::byte> bytes) : bytes_(bytes) {}
  // The next field, nothing at the end. The error's offset is the byte at which the message stops making sense.
  tl::expected<std::optional<ProtoField>, DecodeError> next() noexcept;

 private:
  std::optional<std::uint64_t> varint() noexcept;
  tl::expected<std::span<const std::byte>, DecodeError> take(std::uint64_t size, std::uint64_t field) noexcept;
  std::span<const std::byte> bytes_;
  std::uint64_t at_ = 0;
};

// Appends a length-delimited field, a varint field or one of 64 bits.
void put_bytes(std::string& out, std::uint32_t number, std::span<const std::byte> bytes);
void put_varint(std::string& out, std::uint32_t number, std::uint64_t value);
void put_fixed64(std::string& out, std::uint32_t number, std::uint64_t value);

// sint64 on the wire.
constexpr std::uint64_t zigzag(std::int64_t v) {
  return static_cast<std::uint64_t>(v) << 1 ^ static_cast<std::uint64_t>(v >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t v) {
  return static_cast<std::int64_t>(v >> 1 ^ (~(v & 1) + 1));
}

}  // namespace gnomon::schema
