#include "journal/tile.h"

#include <gtest/gtest.h>

#include <map>

#include "journal/ledger_entry.h"

namespace gnomon::journal {
namespace {

TEST(TilePath, FollowsTheStandardsExample) {
  EXPECT_EQ(tile_path({0, 1234067}), "tile/0/x001/x234/067");
  EXPECT_EQ(tile_path({1, 0, 17}), "tile/1/000.p/17");
  EXPECT_EQ(tile_path({TileId::kEntries, 5}), "tile/entries/005");
}

TEST(TilePath, IsReadBackAndNothingElseIs) {
  for (const TileId& tile : {TileId{0, 0}, TileId{7, 999, 255}, TileId{3, 1000, 1},
                             TileId{TileId::kEntries, 123456789, 8}, TileId{0, UINT64_MAX >> 8}}) {
    EXPECT_EQ(parse_tile_path(tile_path(tile)), tile) << tile_path(tile);
  }
  for (const char* path :
       {"tile/0/00", "tile/00/000", "tile/8/000", "tile/0/x000/001", "tile/0/001/002", "tile/0/000.p/0",
        "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/", "tile//000", "tile/0/../key", "tile/0/x001/", "tile/0/+01",
        "Tile/0/000", "", "tile/entries/000.p/", "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_FALSE(parse_tile_path(path)) << path;
  }
}

// The example of C2SP tlog-tiles: a tree of 70,000.
TEST(TileCounts, FollowTheStandardsExample) {
  EXPECT_EQ(full_tiles(0, 70'000), 273U);
  EXPECT_EQ(partial_width(0, 70'000), 112U);
  EXPECT_EQ(full_tiles(1, 70'000), 1U);
  EXPECT_EQ(partial_width(1, 70'000), 17U);
  EXPECT_EQ(partial_width(2, 70'000), 1U);
  EXPECT_EQ(partial_width(0, 256), 0U);
  EXPECT_EQ(partial_width(1, 256), 1U);
  EXPECT_EQ(full_tiles(TileId::kEntries, 256), 1U);
}

class Tree : public testing::Test {
 protected:
  void grow(std::uint64_t size) {
    while (builder_.size() < size) {
      LedgerEntry entry;
      entry.record = builder_.size();
      const auto bytes = encode_entry(entry);
      hashes_.push_back(leaf_hash(bytes));
      ASSERT_TRUE(builder_.add(bytes, sink_));
    }
    ASSERT_TRUE(builder_.each_partial(sink_));
  }
  TileBuilder builder_;
  std::vector<Digest> hashes_;
  std::map<std::string, std::string> stored_;
  TileBuilder::Sink sink_ = [this](const TileId& tile, std::string_view content) -> Status {
    EXPECT_EQ(content.size(), tile.width * (tile.level == TileId::kEntries ? kEntryBytes + 2 : 32));
    stored_[tile_path(tile)] = content;
    return {};
  };
  TileBuilder::Source source_ = [this](const TileId& tile) -> Result<std::string> {
    const auto found = stored_.find(tile_path(tile));
    if (found == stored_.end()) return failure(ErrorCode::kNotFound, "read tile", tile_path(tile), "missing");
    return found->second;
  };
};

TEST_F(Tree, RootEqualsThatOfTheHashesAtEverySize) {
  EXPECT_EQ(builder_.root(), empty_root());
  for (std::uint64_t size : {1, 2, 3, 255, 256, 257, 511, 512, 600, 65'535, 65'536, 65'537, 66'000}) {
    grow(size);
    EXPECT_EQ(builder_.root(), root_of(hashes_)) << size;
  }
}

TEST_F(Tree, IsRestoredFromItsPartialTiles) {
  for (std::uint64_t size : {0, 1, 256, 300, 66'000}) {
    grow(size);
    auto restored = TileBuilder::restore(size, source_);
    ASSERT_TRUE(restored) << restored.error().message();
    EXPECT_EQ(restored->root(), builder_.root());
  }
}

TEST_F(Tree, ProvesFromItsTiles) {
  grow(66'000);
  const auto nodes = tile_nodes(source_, 66'000);
  const Digest root = builder_.root();
  for (std::uint64_t index : {0, 1, 255, 256, 40'000, 65'535, 65'536, 65'999}) {
    const auto proof = inclusion_proof(nodes, index, 66'000);
    ASSERT_TRUE(proof) << proof.error().message();
    EXPECT_TRUE(verify_inclusion(hashes_[index], index, 66'000, *proof, root)) << index;
  }
  for (std::uint64_t from : {1, 256, 1000, 65'536, 65'999}) {
    const auto proof = consistency_proof(nodes, from, 66'000);
    ASSERT_TRUE(proof) << proof.error().message();
    EXPECT_TRUE(verify_consistency(from, 66'000, *proof, root_of(std::span(hashes_).first(from)), root)) << from;
  }
}

TEST(LedgerEntryCodec, RoundTripsAndRefusesOtherLengthsAndVersions) {
  LedgerEntry entry{7, {}, 9, -1, 2, 3, 4, empty_root()};
  entry.probe.bytes[15] = std::byte{5};
  auto bytes = encode_entry(entry);
  EXPECT_EQ(*decode_entry(bytes), entry);
  EXPECT_FALSE(decode_entry(std::span(bytes).first(95)));
  bytes[3] = std::byte{'2'};
  EXPECT_FALSE(decode_entry(bytes));
}

}  // namespace
}  // namespace gnomon::journal
