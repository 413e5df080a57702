#include "journal/sequence_index.h"

#include <algorithm>
#include <cstring>

#include "segment/crc32c.h"

namespace gnomon::journal {

namespace {

constexpr std::string_view kMagic = "GNOMIDX1";

void put_u64(std::string& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out += static_cast<char>(value >> (8 * i));
}

// Reads little-endian integers; past the end it gives zero and remembers.
struct Cursor {
  std::span<const std::byte> bytes;
  bool is_short = false;
  std::uint64_t u64() {
    if (bytes.size() < 8) {
      is_short = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    bytes = bytes.subspan(8);
    return value;
  }
};

tl::unexpected<schema::DecodeError> refuse(std::string_view reason, std::uint64_t offset) {
  return tl::unexpected(schema::DecodeError{reason, offset});
}

}  // namespace

bool SequenceIndex::contains(const ProbeId& probe, std::uint64_t sequence) const {
  const auto found = probes_.find(probe);
  if (found == probes_.end()) return false;
  const auto after = found->second.upper_bound(sequence);
  return after != found->second.begin() && std::prev(after)->second >= sequence;
}

bool SequenceIndex::insert(const ProbeId& probe, std::uint64_t sequence) {
  auto& set = probes_[probe];
  const auto after = set.upper_bound(sequence);
  const auto before = after == set.begin() ? set.end() : std::prev(after);
  if (before != set.end() && before->second >= sequence) return false;
  const bool joins_before = before != set.end() && before->second + 1 == sequence;
  const bool joins_after = after != set.end() && after->first == sequence + 1;
  const std::uint64_t last = joins_after ? after->second : sequence;
  if (joins_after) set.erase(after);
  if (joins_before)
    before->second = last;
  else
    set[sequence] = last;
  return true;
}

std::map<std::uint64_t, std::uint64_t> SequenceIndex::intervals(const ProbeId& probe) const {
  const auto found = probes_.find(probe);
  return found == probes_.end() ? std::map<std::uint64_t, std::uint64_t>() : found->second;
}

std::uint64_t SequenceIndex::highest(const ProbeId& probe) const {
  const auto found = probes_.find(probe);
  return found == probes_.end() || found->second.empty() ? 0 : found->second.rbegin()->second;
}

std::string SequenceIndex::encode(const segment::LogPosition& position) const {
  std::string out(kMagic);
  for (const std::uint64_t value : {position.record, position.segment_base, position.offset}) put_u64(out, value);
  put_u64(out, probes_.size());
  std::vector<ProbeId> order;
  for (const auto& [probe, set] : probes_) order.push_back(probe);
  std::sort(order.begin(), order.end());  // equal indexes have equal bytes
  for (const ProbeId& probe : order) {
    const auto& set = probes_.at(probe);
    out.append(reinterpret_cast<const char*>(probe.bytes.data()), probe.bytes.size());
    put_u64(out, set.size());
    for (const auto& [first, last] : set) {
      put_u64(out, first);
      put_u64(out, last);
    }
  }
  const std::uint32_t checksum = segment::crc32c(std::as_bytes(std::span(out)));
  for (int i = 0; i < 4; ++i) out += static_cast<char>(checksum >> (8 * i));
  return out;
}

tl::expected<SequenceIndex::Decoded, schema::DecodeError> SequenceIndex::decode(
    std::span<const std::byte> bytes) noexcept {
  if (bytes.size() < 44) return refuse("index is cut short", bytes.size());
  const auto body = bytes.first(bytes.size() - 4);
  std::uint32_t checksum = 0;
  for (std::size_t i = 0; i < 4; ++i) checksum |= std::to_integer<std::uint32_t>(bytes[body.size() + i]) << (8 * i);
  if (checksum != segment::crc32c(body)) return refuse("index does not match its checksum", body.size());
  if (!std::ranges::equal(body.first(8), std::as_bytes(std::span(kMagic))))
    return refuse("not an index of version 1", 0);
  Cursor cursor{body.subspan(8)};
  Decoded decoded;
  decoded.position = {cursor.u64(), cursor.u64(), cursor.u64()};
  for (std::uint64_t left = cursor.u64(); left > 0 && !cursor.is_short; --left) {
    if (cursor.bytes.size() < 16) return refuse("index is cut short", body.size());
    ProbeId probe;
    std::copy_n(cursor.bytes.begin(), 16, probe.bytes.begin());
    cursor.bytes = cursor.bytes.subspan(16);
    auto& set = decoded.index.probes_[probe];
    std::uint64_t previous = 0;  // sequences start at 1
    for (std::uint64_t intervals = cursor.u64(); intervals > 0 && !cursor.is_short; --intervals) {
      const std::uint64_t first = cursor.u64();
      const std::uint64_t last = cursor.u64();
      const bool follows = set.empty() ? first >= 1 : first > previous && first - previous > 1;
      if (!follows || last < first) return refuse("index intervals are out of order", 0);
      set.emplace_hint(set.end(), first, last);
      previous = last;
    }
  }
  if (cursor.is_short || !cursor.bytes.empty()) return refuse("index has a wrong length", body.size());
  return decoded;
}

}  // namespace gnomon::journal
