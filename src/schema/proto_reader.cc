#include "schema/proto_reader.h"

namespace gnomon::schema {

namespace {

// Tags and lengths have 32 bits, hence at most five octets; longer ways to write them are refused by the library of
// Protocol Buffers, too.
constexpr std::uint64_t kShortVarint = 5;

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

}  // namespace

std::optional<std::uint64_t> ProtoReader::varint() noexcept {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && at_ < bytes_.size(); shift += 7) {
    const auto octet = std::to_integer<std::uint64_t>(bytes_[at_++]);
    if (shift == 63 && octet > 1) return std::nullopt;  // more than 64 bits
    value |= (octet & 0x7f) << shift;
    if (octet < 0x80) return value;
  }
  return std::nullopt;
}

tl::expected<std::span<const std::byte>, DecodeError> ProtoReader::take(std::uint64_t size,
                                                                        std::uint64_t field) noexcept {
  if (size > bytes_.size() - at_) return tl::unexpected(DecodeError{"field is cut short", field});
  const auto taken = bytes_.subspan(at_, size);
  at_ += size;
  return taken;
}

tl::expected<std::optional<ProtoField>, DecodeError> ProtoReader::next() noexcept {
  if (at_ == bytes_.size()) return std::optional<ProtoField>();
  ProtoField field;
  field.offset = at_;
  const auto tag = varint();
  if (!tag || *tag >> 3 == 0 || *tag >> 32 != 0 || at_ - field.offset > kShortVarint) {
    return tl::unexpected(DecodeError{"bad field tag", field.offset});
  }
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  const auto type = *tag & 7;
  field.type = static_cast<WireType>(type);
  if (type == 0) {
    const auto value = varint();
    if (!value) return tl::unexpected(DecodeError{"bad varint", field.offset});
    field.value = *value;
    return field;
  }
  std::uint64_t size = type == 1 ? 8 : 4;
  if (type == 2) {
    const std::uint64_t begin = at_;
    const auto length = varint();
    if (!length || at_ - begin > kShortVarint) return tl::unexpected(DecodeError{"bad field length", field.offset});
    size = *length;
    field.is_bytes = true;
  } else if (type != 1 && type != 5) {
    return tl::unexpected(DecodeError{"unknown wire type", field.offset});
  }
  field.bytes_offset = at_;
  const auto taken = take(size, field.offset);
  if (!taken) return tl::unexpected(taken.error());
  if (field.is_bytes) {
    field.bytes = *taken;
  } else {
    for (std::size_t i = size; i-- > 0;) field.value = field.value << 8 | std::to_integer<std::uint64_t>((*taken)[i]);
  }
  return field;
}

void put_bytes(std::string& out, std::uint32_t number, std::span<const std::byte> bytes) {
  append_varint(out, std::uint64_t{number} << 3 | 2);
  append_varint(out, bytes.size());
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

void put_varint(std::string& out, std::uint32_t number, std::uint64_t value) {
  append_varint(out, std::uint64_t{number} << 3);
  append_varint(out, value);
}

void put_fixed64(std::string& out, std::uint32_t number, std::uint64_t value) {
  append_varint(out, std::uint64_t{number} << 3 | 1);
  for (int i = 0; i < 8; ++i, value >>= 8) out += static_cast<char>(value & 0xff);
}

}  // namespace gnomon::schema
