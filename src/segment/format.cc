#include "segment/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "segment/crc32c.h"

namespace gnomon::segment {

namespace {

constexpr std::uint32_t kGroupBit = 0x8000'0000;

template <typename T>
void put(std::byte* out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out[i] = static_cast<std::byte>(value >> (8 * i));
}

template <typename T>
T get(const std::byte* bytes) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(std::to_integer<T>(bytes[i]) << (8 * i));
  return value;
}

tl::unexpected<DecodeError> refuse(std::string_view reason, std::uint64_t offset) {
  return tl::unexpected(DecodeError{reason, offset});
}

std::uint32_t record_checksum(std::span<const std::byte> length, std::span<const std::byte> payload) {
  return crc32c(payload, crc32c(length));
}

}  // namespace

std::array<std::byte, kHeaderBytes> encode_header(std::uint64_t base_record) {
  std::array<std::byte, kHeaderBytes> header{};
  std::ranges::copy(std::as_bytes(std::span(kMagic)), header.begin());
  put(header.data() + 8, kFormatVersion);
  put(header.data() + 16, base_record);
  put(header.data() + 28, crc32c(std::span(header).first(28)));
  return header;
}

tl::expected<std::uint64_t, DecodeError> decode_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kHeaderBytes) return refuse("segment header is cut short", bytes.size());
  if (!std::ranges::equal(bytes.first(8), std::as_bytes(std::span(kMagic)))) return refuse("not a segment file", 0);
  if (get<std::uint32_t>(bytes.data() + 28) != crc32c(bytes.first(28))) {
    return refuse("segment header does not match its checksum", 28);
  }
  if (get<std::uint32_t>(bytes.data() + 8) != kFormatVersion) return refuse("segment of a newer version", 8);
  return get<std::uint64_t>(bytes.data() + 16);
}

void encode_record(std::string& out, std::span<const std::byte> payload, bool starts_group) {
  std::array<std::byte, kRecordHeaderBytes> header;
  put(header.data(), static_cast<std::uint32_t>(payload.size()) | (starts_group ? kGroupBit : 0));
  put(header.data() + 4, record_checksum(std::span(header).first(4), payload));
  out.append(reinterpret_cast<const char*>(header.data()), header.size());
  out.append(reinterpret_cast<const char*>(payload.data()), payload.size());
}

tl::expected<RecordHeader, DecodeError> decode_record_header(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < kRecordHeaderBytes) return refuse("record header is cut short", bytes.size());
  const auto word = get<std::uint32_t>(bytes.data());
  const RecordHeader header{word & ~kGroupBit, get<std::uint32_t>(bytes.data() + 4), (word & kGroupBit) != 0};
  if (header.length == 0 || header.length > kMaximumRecordBytes) return refuse("impossible record length", 0);
  return header;
}

tl::expected<RecordView, DecodeError> decode_record(std::span<const std::byte> bytes) noexcept {
  const auto header = decode_record_header(bytes);
  if (!header) return tl::unexpected(header.error());
  if (bytes.size() - kRecordHeaderBytes < header->length) return refuse("record is cut short", bytes.size());
  const auto payload = bytes.subspan(kRecordHeaderBytes, header->length);
  if (record_checksum(bytes.first(4), payload) != header->checksum) {
    return refuse("record does not match its checksum", 4);
  }
  return RecordView{payload, header->starts_group};
}

std::string segment_name(std::uint64_t base_record) {
  return fmt::format("{:020}.seg", base_record);
}

tl::expected<std::uint64_t, DecodeError> parse_segment_name(std::string_view name) noexcept {
  std::uint64_t base = 0;
  if (name.size() != 24 || !name.ends_with(".seg")) return refuse("not a segment's name", 0);
  const auto [end, error] = std::from_chars(name.data(), name.data() + 20, base);
  if (error != std::errc() || end != name.data() + 20) return refuse("not a segment's name", 0);
  return base;
}

}  // namespace gnomon::segment
