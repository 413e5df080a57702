#include "journal/sequence_index.h"

#include <gtest/gtest.h>

#include <set>

#include "core/random.h"

namespace gnomon::journal {
namespace {

const ProbeId kProbe{{std::byte{1}}};

TEST(SequenceIndex, AgreesWithASetInAnyOrder) {
  SeededRandom random(3);
  SequenceIndex index;
  std::set<std::uint64_t> twin;
  for (int i = 0; i < 5'000; ++i) {
    const std::uint64_t sequence = 1 + random.next() % 2'000;
    EXPECT_EQ(index.insert(kProbe, sequence), twin.insert(sequence).second);
  }
  for (std::uint64_t s = 0; s <= 2'001; ++s) EXPECT_EQ(index.contains(kProbe, s), twin.contains(s)) << s;
  EXPECT_EQ(index.highest(kProbe), *twin.rbegin());
}

TEST(SequenceIndex, KeepsOneIntervalWithoutGaps) {
  SequenceIndex index;
  for (std::uint64_t s : {1, 3, 5, 4, 2}) EXPECT_TRUE(index.insert(kProbe, s));
  EXPECT_EQ(index.intervals(kProbe), (std::map<std::uint64_t, std::uint64_t>{{1, 5}}));
  EXPECT_TRUE(index.insert(kProbe, UINT64_MAX));
  EXPECT_FALSE(index.insert(kProbe, UINT64_MAX));
  EXPECT_EQ(index.highest(ProbeId{}), 0U);
}

TEST(SequenceIndex, IsStoredAndReadBack) {
  SequenceIndex index;
  for (std::uint64_t s : {1, 2, 9}) index.insert(kProbe, s);
  index.insert(ProbeId{}, 4);
  const std::string bytes = index.encode({10, 8, 100});
  const auto back = SequenceIndex::decode(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(back) << back.error().reason;
  EXPECT_EQ(back->position.record, 10U);
  EXPECT_EQ(back->position.segment_base, 8U);
  EXPECT_EQ(back->position.offset, 100U);
  EXPECT_EQ(back->index.intervals(kProbe), index.intervals(kProbe));
  EXPECT_EQ(back->index.encode({10, 8, 100}), bytes);
}

TEST(SequenceIndex, RefusesEveryFlippedBitAndTruncation) {
  SequenceIndex index;
  index.insert(kProbe, 1);
  const std::string bytes = index.encode({});
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(SequenceIndex::decode(std::as_bytes(std::span(flipped)))) << bit;
  }
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    EXPECT_FALSE(SequenceIndex::decode(std::as_bytes(std::span(bytes)).first(n))) << n;
  }
}

}  // namespace
}  // namespace gnomon::journal
