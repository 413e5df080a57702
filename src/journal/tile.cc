#include "journal/tile.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "journal/ledger_entry.h"

namespace gnomon::journal {

namespace {

constexpr std::size_t kHashBytes = 32;
constexpr std::string_view kPrefix = "tile/";
constexpr int kLevels = 8;

std::string hash_bytes(std::span<const Digest> hashes) {
  return {reinterpret_cast<const char*>(hashes.data()), hashes.size() * kHashBytes};
}

std::vector<Digest> hashes_of(std::string_view content) {
  std::vector<Digest> hashes(content.size() / kHashBytes);
  const auto bytes = std::as_bytes(std::span(content)).first(hashes.size() * kHashBytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) hashes[i / kHashBytes][i % kHashBytes] = bytes[i];
  return hashes;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// "x001/x234/067": groups of three digits, all but the last with an x.
std::string index_path(std::uint64_t index) {
  std::string path = fmt::format("{:03}", index % 1000);
  for (index /= 1000; index > 0; index /= 1000) path = fmt::format("x{:03}/", index % 1000) + path;
  return path;
}

std::optional<std::uint64_t> parse_index_path(std::string_view path) {
  std::string digits;
  while (true) {
    const auto slash = path.find('/');
    const bool is_last = slash == std::string_view::npos;
    std::string_view element = path.substr(0, slash);
    if (!is_last && !element.starts_with('x')) return std::nullopt;
    if (!is_last) element.remove_prefix(1);
    if (element.size() != 3 || digits.size() > 18) return std::nullopt;
    digits += element;
    if (is_last) return parse_number(digits);
    path.remove_prefix(slash + 1);
  }
}

}  // namespace

std::string tile_path(const TileId& tile) {
  const std::string level = tile.level == TileId::kEntries ? "entries" : std::to_string(tile.level);
  std::string path = fmt::format("{}{}/{}", kPrefix, level, index_path(tile.index));
  if (tile.width < kTileWidth) path += fmt::format(".p/{}", tile.width);
  return path;
}

std::optional<TileId> parse_tile_path(std::string_view path) noexcept {
  if (path.size() > 64 || !path.starts_with(kPrefix)) return std::nullopt;
  std::string_view rest = path.substr(kPrefix.size());
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  TileId tile;
  const auto level = rest.substr(0, slash);
  if (level == "entries") {
    tile.level = TileId::kEntries;
  } else {
    const auto number = parse_number(level);
    if (!number || *number >= kLevels) return std::nullopt;
    tile.level = static_cast<int>(*number);
  }
  rest.remove_prefix(slash + 1);
  if (const auto partial = rest.find(".p/"); partial != std::string_view::npos) {
    const auto width = parse_number(rest.substr(partial + 3));
    if (!width || *width == 0 || *width >= kTileWidth) return std::nullopt;
    tile.width = static_cast<unsigned>(*width);
    rest = rest.substr(0, partial);
  }
  const auto index = parse_index_path(rest);
  if (!index) return std::nullopt;
  tile.index = *index;
  // One name for one tile: leading zeroes, signs and empty groups are refused by writing it again.
  if (tile_path(tile) != path) return std::nullopt;
  return tile;
}

std::uint64_t full_tiles(int level, std::uint64_t size) {
  const int shift = 8 * (std::max(level, 0) + 1);
  return shift >= 64 ? 0 : size >> shift;
}

unsigned partial_width(int level, std::uint64_t size) {
  return static_cast<unsigned>(size >> 8 * std::max(level, 0) & 0xff);
}

Result<TileBuilder> TileBuilder::restore(std::uint64_t size, const Source& source) {
  TileBuilder builder;
  builder.size_ = size;
  const auto fetch = [&](int level) -> Result<std::string> {
    const unsigned width = partial_width(level, size);
    return width == 0 ? Result<std::string>("") : source({level, full_tiles(level, size), width});
  };
  auto entries = fetch(TileId::kEntries);
  if (!entries) return tl::unexpected(entries.error());
  builder.entries_ = *std::move(entries);
  for (int level = 0; level < kLevels && size >> 8 * level > 0; ++level) {
    const auto content = fetch(level);
    if (!content) return tl::unexpected(content.error());
    if (content->size() != partial_width(level, size) * kHashBytes) {
      return failure(ErrorCode::kCorrupt, "read ledger", fmt::format("level {}", level), "its tile has a wrong size");
    }
    builder.edge_.push_back(hashes_of(*content));
  }
  return builder;
}

Status TileBuilder::add(std::span<const std::byte> entry, const Sink& sink) {
  entries_ += static_cast<char>(entry.size() >> 8);
  entries_ += static_cast<char>(entry.size());
  entries_.append(reinterpret_cast<const char*>(entry.data()), entry.size());
  const std::uint64_t index = size_++;
  if (size_ % kTileWidth == 0) {
    if (auto put = sink({TileId::kEntries, index / kTileWidth}, entries_); !put) return put;
    entries_.clear();
  }
  return push(0, leaf_hash(entry), sink);
}

Status TileBuilder::push(unsigned level, const Digest& hash, const Sink& sink) {
  if (edge_.size() <= level) edge_.resize(level + 1);
  edge_[level].push_back(hash);
  if (edge_[level].size() < kTileWidth) return {};
  const TileId full{static_cast<int>(level), (size_ - 1) >> 8 * (level + 1)};
  if (auto put = sink(full, hash_bytes(edge_[level])); !put) return put;
  const Digest root = root_of(edge_[level]);
  edge_[level].clear();
  return push(level + 1, root, sink);
}

Status TileBuilder::each_partial(const Sink& sink) const {
  const auto put = [&](int level, std::string_view content) -> Status {
    const unsigned width = partial_width(level, size_);
    return width == 0 ? Status{} : sink({level, full_tiles(level, size_), width}, content);
  };
  if (auto done = put(TileId::kEntries, entries_); !done) return done;
  for (std::size_t level = 0; level < edge_.size(); ++level) {
    if (auto done = put(static_cast<int>(level), hash_bytes(edge_[level])); !done) return done;
  }
  return {};
}

Digest TileBuilder::root() const {
  if (size_ == 0) return empty_root();
  // Complete subtrees from left to right, hence from high to low; joined from the right (RFC 6962 §2.1).
  std::vector<Digest> roots;
  for (auto level = edge_.rbegin(); level != edge_.rend(); ++level) {
    std::span<const Digest> left(*level);
    while (!left.empty()) {
      const std::size_t size = std::bit_floor(left.size());
      roots.push_back(root_of(left.first(size)));
      left = left.subspan(size);
    }
  }
  Digest root = roots.back();
  for (std::size_t i = roots.size() - 1; i-- > 0;) root = node_hash(roots[i], root);
  return root;
}

NodeSource tile_nodes(TileBuilder::Source source, std::uint64_t size) {
  auto kept = std::make_shared<std::map<std::pair<int, std::uint64_t>, std::vector<Digest>>>();
  return [source = std::move(source), size, kept](unsigned height, std::uint64_t index) -> Result<Digest> {
    const int level = static_cast<int>(height / 8);
    const unsigned inner = height % 8;
    const std::uint64_t first = index << inner;  // of the hashes at the tile's level
    const std::pair key{level, first / kTileWidth};
    auto found = kept->find(key);
    if (found == kept->end()) {
      const bool is_full = key.second < full_tiles(level, size);
      const auto content = source({level, key.second, is_full ? kTileWidth : partial_width(level, size)});
      if (!content) return tl::unexpected(content.error());
      if (kept->size() > 64) kept->clear();
      found = kept->emplace(key, hashes_of(*content)).first;
    }
    const std::size_t begin = first % kTileWidth;
    if (begin + (1U << inner) > found->second.size()) {
      return failure(ErrorCode::kCorrupt, "read ledger", tile_path({level, key.second}), "the tile is too short");
    }
    return root_of(std::span(found->second).subspan(begin, 1U << inner));
  };
}

}  // namespace gnomon::journal
