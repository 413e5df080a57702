#include "journal/ledger_entry.h"

#include <algorithm>
#include <string_view>

namespace gnomon::journal {

namespace {

constexpr std::string_view kEntryMagic = "GNL1";

template <typename T>
void put(std::byte* out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    out[i] = static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * (sizeof(T) - 1 - i)));
  }
}

template <typename T>
T get(const std::byte* bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = value << 8 | std::to_integer<std::uint64_t>(bytes[i]);
  return static_cast<T>(value);
}

}  // namespace

std::array<std::byte, kEntryBytes> encode_entry(const LedgerEntry& entry) {
  std::array<std::byte, kEntryBytes> out;
  std::ranges::copy(std::as_bytes(std::span(kEntryMagic)), out.begin());
  put(out.data() + 4, entry.record);
  std::ranges::copy(entry.probe.bytes, out.begin() + 12);
  put(out.data() + 28, entry.sequence);
  put(out.data() + 36, entry.first_unix_ms);
  put(out.data() + 44, entry.last_unix_ms);
  put(out.data() + 52, entry.received_unix_ms);
  put(out.data() + 60, entry.windows);
  std::ranges::copy(entry.batch_digest, out.begin() + 64);
  return out;
}

tl::expected<LedgerEntry, schema::DecodeError> decode_entry(std::span<const std::byte> bytes) noexcept {
  if (bytes.size() != kEntryBytes)
    return tl::unexpected(schema::DecodeError{"a ledger entry has 96 bytes", bytes.size()});
  if (!std::ranges::equal(bytes.first(4), std::as_bytes(std::span(kEntryMagic)))) {
    return tl::unexpected(schema::DecodeError{"not a ledger entry of version 1", 0});
  }
  LedgerEntry entry;
  entry.record = get<std::uint64_t>(bytes.data() + 4);
  std::ranges::copy(bytes.subspan(12, 16), entry.probe.bytes.begin());
  entry.sequence = get<std::uint64_t>(bytes.data() + 28);
  entry.first_unix_ms = get<std::int64_t>(bytes.data() + 36);
  entry.last_unix_ms = get<std::int64_t>(bytes.data() + 44);
  entry.received_unix_ms = get<std::int64_t>(bytes.data() + 52);
  entry.windows = get<std::uint32_t>(bytes.data() + 60);
  std::ranges::copy(bytes.subspan(64, 32), entry.batch_digest.begin());
  return entry;
}

tl::expected<std::span<const std::byte>, schema::DecodeError> take_bundled(
    std::span<const std::byte>& bundle) noexcept {
  const std::size_t length = bundle.size() >= 2 ? get<std::uint16_t>(bundle.data()) : 0;
  if (bundle.size() < 2 || bundle.size() - 2 < length) {
    return tl::unexpected(schema::DecodeError{"entry bundle is cut short", bundle.size()});
  }
  const auto entry = bundle.subspan(2, length);
  bundle = bundle.subspan(2 + length);
  return entry;
}

}  // namespace gnomon::journal
