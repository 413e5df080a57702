#include "analysis/path_state.h"

#include <gtest/gtest.h>

#include <vector>

namespace gnomon::analysis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Feeds windows one after the other, as the live state does.
class Script {
 public:
  explicit Script(Baseline usual = {milliseconds(10), 0}) : usual_(usual) {}

  Verdict window(std::uint64_t sent, std::uint64_t lost, Nanoseconds p50 = milliseconds(10),
                 Nanoseconds length = seconds(10)) {
    WindowFacts facts;
    facts.duration = length;
    facts.sent = sent;
    facts.lost = lost;
    facts.outcome = lost < sent ? schema::Outcome::kAnswered : schema::Outcome::kNoAnswer;
    if (lost < sent) facts.rtt_p50 = p50;
    return add(facts);
  }
  // While a speed test fills the line.
  Verdict tested(std::uint64_t sent, std::uint64_t lost, Nanoseconds p50 = milliseconds(10)) {
    WindowFacts facts;
    facts.duration = seconds(10);
    facts.sent = sent;
    facts.lost = lost;
    facts.outcome = lost < sent ? schema::Outcome::kAnswered : schema::Outcome::kNoAnswer;
    if (lost < sent) facts.rtt_p50 = p50;
    facts.under_test = true;
    return add(facts);
  }
  Verdict sick() {
    WindowFacts facts;
    facts.duration = seconds(10);
    facts.sent = 10;
    facts.lost = 10;
    facts.vantage_sick = true;
    return add(facts);
  }
  Verdict add(WindowFacts facts) {
    now_ = now_ + facts.duration;
    facts.end = now_;
    windows_.push_back(facts);
    verdict_ = next_verdict(verdict_, windows_, usual_);
    return verdict_;
  }
  void good_for(int windows, std::uint64_t sent = 10) {
    for (int i = 0; i < windows; ++i) window(sent, 0);
  }
  [[nodiscard]] WallTime now() const { return now_; }

 private:
  Baseline usual_;
  WallTime now_{std::chrono::hours(1)};
  std::vector<WindowFacts> windows_;
  Verdict verdict_;
};

TEST(PathState, OneCleanWindowIsGood) {
  Script path;
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathState, AWindowThatLostEverythingIsBrokenAtOnce) {
  Script path;
  path.good_for(3);
  const WallTime before = path.now();
  const Verdict verdict = path.window(10, 10);
  EXPECT_EQ(verdict.state, PathState::kBroken);
  EXPECT_EQ(verdict.since, before);
}

TEST(PathState, TooFewPacketsDoNotBreakAPath) {
  Script path;
  path.good_for(3);
  EXPECT_NE(path.window(2, 2, {}, seconds(2)).state, PathState::kBroken);
}

TEST(PathState, SlowPathsBreakOnceTenSecondsAreLost) {
  Script path;
  path.good_for(3, 2);
  path.window(2, 2, {}, seconds(5));
  const Verdict verdict = path.window(2, 2, {}, seconds(5));
  EXPECT_EQ(verdict.state, PathState::kBroken);
}

TEST(PathState, AFailureInMidWindowIsDegradedWithItsRatio) {
  Script path;
  path.good_for(6);
  const Verdict verdict = path.window(10, 6);
  EXPECT_EQ(verdict.state, PathState::kDegraded);
  EXPECT_EQ(verdict.cause, Cause::kLoss);
  EXPECT_DOUBLE_EQ(verdict.loss_ratio, 0.6);
}

TEST(PathState, OneLostPacketIsNoNews) {
  Script path;
  path.good_for(6);
  EXPECT_EQ(path.window(10, 1).state, PathState::kGood);
  EXPECT_EQ(path.window(10, 2).state, PathState::kGood);
}

TEST(PathState, FivePercentIsFoundWithinFiveMinutes) {
  Script path;
  path.good_for(3);
  Verdict verdict;
  int windows = 0;
  while (verdict.state != PathState::kDegraded && windows < 30) {
    // One packet in twenty: one window in two loses one.
    verdict = path.window(10, windows % 2 == 0 ? 1 : 0);
    ++windows;
  }
  EXPECT_EQ(verdict.state, PathState::kDegraded);
  EXPECT_LE(windows, 30);
  EXPECT_GT(windows, 5);
}

TEST(PathState, UsualLossIsNoNews) {
  Script path(Baseline{milliseconds(10), 0.05});
  Verdict verdict;
  for (int i = 0; i < 40; ++i) {
    verdict = path.window(10, i % 2 == 0 ? 1 : 0);
    EXPECT_EQ(verdict.state, PathState::kGood) << i;
  }
}

TEST(PathState, HeavyUsualLossStaysDegraded) {
  Script path(Baseline{milliseconds(10), 0.5});
  EXPECT_EQ(path.window(10, 5).state, PathState::kDegraded);
}

TEST(PathState, OneCleanWindowHealsABreak) {
  Script path;
  path.good_for(3);
  for (int i = 0; i < 6; ++i) path.window(10, 10);
  EXPECT_EQ(path.window(10, 4).state, PathState::kDegraded);
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
  // What was lost before is over and done with.
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathState, LightLossNeedsMoreProofToBeOver) {
  Script path;
  path.good_for(3);
  Verdict verdict;
  for (int i = 0; i < 30 && verdict.state != PathState::kDegraded; ++i) verdict = path.window(10, i % 2 == 0 ? 1 : 0);
  ASSERT_EQ(verdict.state, PathState::kDegraded);
  const WallTime since = verdict.since;
  EXPECT_EQ(path.window(10, 0).state, PathState::kDegraded);
  int windows = 1;
  while (verdict.state == PathState::kDegraded && windows < 60) {
    EXPECT_EQ(verdict.since, since);
    verdict = path.window(10, 0);
    ++windows;
  }
  EXPECT_EQ(verdict.state, PathState::kGood);
  EXPECT_GE(windows, 4);
  EXPECT_LE(windows, 12);
}

TEST(PathState, TwoSecondsOfSilenceBreakAPath) {
  Script path;
  path.good_for(3);
  path.window(6, 0, milliseconds(10), seconds(3));
  const WallTime before = path.now();
  const Verdict verdict = path.window(5, 5, {}, milliseconds(2500));
  EXPECT_EQ(verdict.state, PathState::kBroken);
  EXPECT_EQ(verdict.since, before);
  path.window(20, 20);
  EXPECT_EQ(path.window(5, 0, milliseconds(10), milliseconds(2500)).state, PathState::kGood);
}

TEST(PathState, ABurstOfLossesIsNoBreak) {
  Script path;
  path.good_for(3, 100);
  EXPECT_NE(path.window(15, 15, {}, milliseconds(1500)).state, PathState::kBroken);
  EXPECT_EQ(path.window(5, 5, {}, milliseconds(500)).state, PathState::kBroken) << "two seconds together";
}

TEST(PathState, AUsuallyLossyPathNeedsALongerSilence) {
  Script path(Baseline{milliseconds(10), 0.05});
  path.good_for(6);
  EXPECT_NE(path.window(7, 7, {}, seconds(7)).state, PathState::kBroken);
  EXPECT_EQ(path.window(1, 1, {}, seconds(1)).state, PathState::kBroken);
}

TEST(PathState, RelapsesNeedMorePatienceAndTwoRepairsMayFail) {
  const auto windows_to_heal = [](Script& path) {
    int windows = 0;
    while (path.window(10, 0).state != PathState::kGood) ++windows;
    return windows;
  };
  Script lossy;
  lossy.good_for(3);
  lossy.window(10, 4);
  EXPECT_EQ(windows_to_heal(lossy), 0);
  lossy.window(10, 4);
  const int second = windows_to_heal(lossy);
  EXPECT_GE(second, 2);
  lossy.window(10, 4);
  const int third = windows_to_heal(lossy);
  EXPECT_GT(third, second);
  for (int i = 0; i < 8; ++i) lossy.window(10, 4);
  EXPECT_LE(windows_to_heal(lossy), 30);

  Script cut;
  cut.good_for(3);
  const int needed[] = {0, 0, 0, 3};
  for (const int windows : needed) {
    cut.window(10, 6);
    cut.window(10, 10);
    cut.window(10, 3);
    EXPECT_EQ(windows_to_heal(cut), windows);
  }
  // Ten minutes later it is another story.
  cut.good_for(61);
  cut.window(10, 10);
  EXPECT_EQ(windows_to_heal(cut), 0);
}

TEST(PathState, FlappingIsSoonOneTrouble) {
  Script path;
  path.good_for(3);
  int good = 0;
  for (int i = 0; i < 60; ++i) {  // ten minutes
    EXPECT_EQ(path.window(5, 5, {}, seconds(5)).state, PathState::kBroken);
    good += path.window(5, 0, milliseconds(10), seconds(5)).state == PathState::kGood ? 1 : 0;
  }
  EXPECT_EQ(good, 3);
}

TEST(PathState, DelayMustShiftInTwoWindows) {
  Script path;
  path.good_for(6);
  EXPECT_EQ(path.window(10, 0, milliseconds(15)).state, PathState::kGood);
  const Verdict verdict = path.window(10, 0, milliseconds(15));
  EXPECT_EQ(verdict.state, PathState::kDegraded);
  EXPECT_EQ(verdict.cause, Cause::kDelay);
  EXPECT_EQ(verdict.before, milliseconds(10));
  EXPECT_EQ(verdict.after, milliseconds(15));
  EXPECT_EQ(path.window(10, 0).state, PathState::kDegraded);
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathState, SmallOrRelativelySmallShiftsAreNoNews) {
  Script near(Baseline{std::chrono::microseconds(200), 0});
  EXPECT_EQ(near.window(10, 0, std::chrono::microseconds(900)).state, PathState::kGood);
  EXPECT_EQ(near.window(10, 0, std::chrono::microseconds(900)).state, PathState::kGood);
  Script far(Baseline{milliseconds(200), 0});
  EXPECT_EQ(far.window(10, 0, milliseconds(230)).state, PathState::kGood);
  EXPECT_EQ(far.window(10, 0, milliseconds(230)).state, PathState::kGood);
  EXPECT_EQ(far.window(10, 0, milliseconds(245)).state, PathState::kGood);
  EXPECT_EQ(far.window(10, 0, milliseconds(245)).state, PathState::kDegraded);
}

TEST(PathState, ASickProbeNeverBreaksTheWorld) {
  Script path;
  path.good_for(3);
  EXPECT_EQ(path.sick().state, PathState::kSick);
  EXPECT_EQ(path.sick().state, PathState::kSick);
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathState, WhatCouldNotBeSentIsTheVantagesFault) {
  Script path;
  path.good_for(3);
  WindowFacts facts;
  facts.duration = seconds(10);
  facts.outcome = schema::Outcome::kNotSent;
  EXPECT_EQ(path.add(facts).state, PathState::kSick);
}

TEST(PathState, ANameThatNeverHadAnAddressIsNoOutage) {
  WindowFacts facts;
  facts.duration = seconds(10);
  facts.outcome = schema::Outcome::kNoAddress;
  Script never(Baseline{});
  EXPECT_EQ(never.add(facts).state, PathState::kUnknown);
  Script once;
  once.good_for(3);
  EXPECT_EQ(once.add(facts).state, PathState::kBroken);
}

TEST(WilsonLower, KnownValues) {
  EXPECT_EQ(wilson_lower(0, 0, 1.96), 0);
  EXPECT_NEAR(wilson_lower(0, 10, 1.96), 0, 1e-12);
  // Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263 → 0.2553.
  EXPECT_NEAR(wilson_lower(81, 263, 1.959964), 0.2553, 5e-5);
  EXPECT_NEAR(wilson_lower(15, 148, 1.959964), 0.0624, 5e-5);
}

TEST(PathStateWords, RoundTrip) {
  for (std::size_t i = 0; i < kPathStates; ++i) {
    const auto state = static_cast<PathState>(i);
    EXPECT_EQ(parse_path_state(to_string(state)), state);
  }
  EXPECT_EQ(parse_path_state("fine"), std::nullopt);
}

TEST(PathStateUnderTest, DelayAndLossOfTheTestDegradeNothing) {
  Script path;
  path.good_for(6);
  for (int i = 0; i < 6; ++i) EXPECT_EQ(path.tested(10, 4, milliseconds(90)).state, PathState::kGood) << i;
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathStateUnderTest, WhatIsDeadIsBroken) {
  Script path;
  path.good_for(6);
  EXPECT_EQ(path.tested(10, 10).state, PathState::kBroken);
  EXPECT_EQ(path.tested(10, 10).state, PathState::kBroken);
  // It answers again, but the test hides how well.
  EXPECT_EQ(path.tested(10, 3, milliseconds(90)).state, PathState::kDegraded);
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathStateUnderTest, WindowsBetweenTestsAreJudgedTogether) {
  Script path;
  path.good_for(6);
  path.window(10, 0, milliseconds(30));
  path.tested(10, 0, milliseconds(90));
  const Verdict verdict = path.window(10, 0, milliseconds(30));
  EXPECT_EQ(verdict.state, PathState::kDegraded);
  EXPECT_EQ(verdict.cause, Cause::kDelay);
  // A window that is good only because nobody looks at it ends no trouble.
  path.tested(10, 0, milliseconds(10));
  EXPECT_EQ(path.tested(10, 0, milliseconds(10)).state, PathState::kDegraded);
  path.window(10, 0);
  EXPECT_EQ(path.window(10, 0).state, PathState::kGood);
}

TEST(PathStateUnderTest, LossBeforeATestIsNotForgottenInIt) {
  Script path;
  path.good_for(6);
  EXPECT_EQ(path.window(10, 5).state, PathState::kDegraded);
  EXPECT_EQ(path.tested(10, 0).state, PathState::kDegraded);
  EXPECT_EQ(path.window(10, 5).state, PathState::kDegraded);
}

}  // namespace
}  // namespace gnomon::analysis
