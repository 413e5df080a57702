#include "core/ids.h"

#include "core/hex.h"

namespace gnomon {

std::string to_string(const ProbeId& id) {
  return to_hex(id.bytes);
}

std::string to_string(PathId id) {
  std::array<std::byte, 8> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(id.value >> (56 - 8 * i));
  return to_hex(bytes);
}

std::optional<ProbeId> parse_probe_id(std::string_view hex) {
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != 16) return std::nullopt;
  ProbeId id;
  std::copy(bytes->begin(), bytes->end(), id.bytes.begin());
  return id;
}

std::optional<PathId> parse_path_id(std::string_view hex) {
  const auto bytes = from_hex(hex);
  if (!bytes || bytes->size() != 8) return std::nullopt;
  PathId id;
  for (const std::byte b : *bytes) id.value = id.value << 8 | std::to_integer<std::uint64_t>(b);
  return id;
}

}  // namespace gnomon
