#include "probe/tournament.h"

#include <gtest/gtest.h>

#include <set>

namespace gnomon::probe {
namespace {

using std::chrono::seconds;

TEST(Tournament, EverybodyMeetsEverybodyOnceAndNobodyTwoAtOnce) {
  for (std::size_t nodes = 2; nodes <= 41; ++nodes) {
    std::set<std::pair<std::size_t, std::size_t>> met;
    for (std::uint64_t round = 0; round < tournament_rounds(nodes); ++round) {
      std::size_t resting = 0;
      for (std::size_t self = 0; self < nodes; ++self) {
        const auto opponent = tournament_opponent(nodes, self, round);
        if (!opponent) {
          ++resting;
          continue;
        }
        ASSERT_NE(*opponent, self);
        ASSERT_EQ(tournament_opponent(nodes, *opponent, round), self) << nodes << " nodes, round " << round;
        if (self < *opponent) {
          EXPECT_TRUE(met.emplace(self, *opponent).second) << nodes << " nodes, round " << round;
        }
      }
      EXPECT_EQ(resting, nodes % 2);
    }
    EXPECT_EQ(met.size(), nodes * (nodes - 1) / 2) << nodes << " nodes";
  }
}

TEST(Tournament, OneNodeHasNobodyToMeet) {
  EXPECT_EQ(tournament_rounds(1), 0U);
  EXPECT_FALSE(tournament_opponent(1, 0, 3));
  EXPECT_FALSE(next_slot(1, 0, WallTime{seconds(100)}, {seconds(30), seconds(2)}));
}

constexpr SlotOptions kSlots{seconds(30), seconds(2)};

TEST(TestSlot, LiesWithinItsGuardsAndIsNotOver) {
  const WallTime now{seconds(1'800'000'011)};
  const auto slot = next_slot(20, 7, now, kSlots);
  ASSERT_TRUE(slot);
  EXPECT_GE(slot->start, now);
  EXPECT_EQ(slot->start.since_epoch % seconds(30), seconds(2));
  EXPECT_EQ(slot->end - slot->start, seconds(26));
  EXPECT_LT(slot->start - now, seconds(31));
}

TEST(TestSlot, BothSidesAgreeAndOneOfThemBegins) {
  const WallTime now{seconds(1'800'000'011)};
  for (std::size_t self = 0; self < 20; ++self) {
    const auto own = next_slot(20, self, now, kSlots);
    ASSERT_TRUE(own);
    const auto other = next_slot(20, own->opponent, now, kSlots);
    ASSERT_TRUE(other);
    EXPECT_EQ(other->opponent, self);
    EXPECT_EQ(other->start, own->start);
    EXPECT_NE(other->begins, own->begins);
  }
}

TEST(TestSlot, WhoBeginsChangesFromOneTournamentToTheNext) {
  const auto first = next_slot(4, 0, WallTime{seconds(0)}, kSlots);
  const auto same_pair_later = next_slot(4, 0, WallTime{seconds(3 * 30)}, kSlots);
  ASSERT_TRUE(first && same_pair_later);
  EXPECT_EQ(same_pair_later->opponent, first->opponent);
  EXPECT_NE(same_pair_later->begins, first->begins);
}

TEST(TestSlot, ClocksThatDifferByLessThanTheGuardNeverMeetTwoAtOnce) {
  // Node 1 runs 1.9 s ahead of the others: whatever slot it is in by its clock, its opponent is in the same by true
  // time.
  const Nanoseconds ahead = std::chrono::milliseconds(1'900);
  for (int s = 0; s < 600; ++s) {
    const auto slot = next_slot(5, 1, WallTime{seconds(s)}, kSlots);
    ASSERT_TRUE(slot);
    const WallTime true_start = slot->start - ahead, true_end = slot->end - ahead;
    EXPECT_EQ(true_start.since_epoch / kSlots.every, static_cast<std::int64_t>(slot->round));
    EXPECT_EQ(true_end.since_epoch / kSlots.every, static_cast<std::int64_t>(slot->round));
  }
}

}  // namespace
}  // namespace gnomon::probe
