#pragma once

// Tiles (C2SP tlog-tiles): their names, and building them from entries one by one.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "journal/merkle.h"

namespace gnomon::journal {

inline constexpr unsigned kTileWidth = 256;

struct TileId {
  static constexpr int kEntries = -1;
  int level = 0;  // 0 to 7, or kEntries for an entry bundle; 8 levels hold 2^64 leaves
  std::uint64_t index = 0;
  unsigned width = kTileWidth;  // below kTileWidth: partial
  friend bool operator==(const TileId&, const TileId&) = default;
};

// "tile/0/x001/234", "tile/entries/000.p/17".
std::string tile_path(const TileId& tile);
// Only what tile_path() gives back; nothing for anything else.
std::optional<TileId> parse_tile_path(std::string_view path) noexcept;
// How many hashes or entries the last, partial tile of a level has in a tree of `size`; 0 when all are full.
unsigned partial_width(int level, std::uint64_t size);
// How many full tiles a level has in a tree of `size`.
std::uint64_t full_tiles(int level, std::uint64_t size);

// Grows a tree. Memory: one tile a level. Belongs to one thread.
class TileBuilder {
 public:
  using Sink = std::function<Status(const TileId& tile, std::string_view content)>;
  using Source = std::function<Result<std::string>(const TileId& tile)>;

  // Reads the partial tiles of a tree of `size`, each with exactly its width.
  static Result<TileBuilder> restore(std::uint64_t size, const Source& source);

  // Full tiles go to the sink as they fill; after its error the builder must not be used.
  Status add(std::span<const std::byte> entry, const Sink& sink);
  Status each_partial(const Sink& sink) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] Digest root() const;

 private:
  Status push(unsigned level, const Digest& hash, const Sink& sink);
  std::uint64_t size_ = 0;
  std::string entries_;                    // the partial bundle
  std::vector<std::vector<Digest>> edge_;  // the partial tile of each level
};

// The nodes of a tree whose tiles `source` gives; it is asked for tiles of the widths of a tree of `size`. The last few
// tiles are kept. Belongs to one thread.
NodeSource tile_nodes(TileBuilder::Source source, std::uint64_t size);

}  // namespace gnomon::journal
