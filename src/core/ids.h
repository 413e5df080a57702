#pragma once

// Names of things that last: probes and paths. Plain values, comparable and hashable.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gnomon {

// The first 16 bytes of SHA-256 over the probe's raw Ed25519 public key; written as 32 lower-case hex digits.
struct ProbeId {
  std::array<std::byte, 16> bytes{};
  friend auto operator<=>(const ProbeId&, const ProbeId&) = default;
};

// A measured path: one probe, plan item, method, target, address family and option set. The first 8 bytes (big-endian)
// of SHA-256 over those fields (schema/path_id.h); written as 16 lower-case hex digits.
struct PathId {
  std::uint64_t value = 0;
  friend auto operator<=>(PathId, PathId) = default;
};

std::string to_string(const ProbeId& id);
std::string to_string(PathId id);
std::optional<ProbeId> parse_probe_id(std::string_view hex);
std::optional<PathId> parse_path_id(std::string_view hex);

}  // namespace gnomon

template <>
struct std::hash<gnomon::ProbeId> {
  std::size_t operator()(const gnomon::ProbeId& id) const noexcept {
    std::size_t h = 0;
    for (std::size_t i = 0; i < sizeof h; ++i) h = h << 8 | std::to_integer<std::size_t>(id.bytes[i]);
    return h;  // The bytes are already a hash.
  }
};

template <>
struct std::hash<gnomon::PathId> {
  std::size_t operator()(gnomon::PathId id) const noexcept { return id.value; }
};
