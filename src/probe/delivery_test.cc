#include "probe/delivery.h"

#include <gtest/gtest.h>

#include <deque>

namespace gnomon::probe {
namespace {

using namespace std::chrono_literals;

class DeliveryTest : public testing::Test {
 protected:
  DeliveryTest() { renew({}); }

  void renew(DeliveryLimits limits) {
    delivery_ = std::make_unique<Delivery>(std::move(limits), random_);
    take(delivery_->recovered({}, {}, now_));
  }

  // Carries actions out as a probe with a healthy disk does.
  void take(Actions actions) {
    std::deque<Action> waiting(actions.begin(), actions.end());
    while (!waiting.empty()) {
      const Action next = waiting.front();
      waiting.pop_front();
      for (Action& more : take_one(next)) waiting.push_back(std::move(more));
    }
  }

  Actions take_one(const Action& action) {
    if (const auto* a = std::get_if<action::Store>(&action)) {
      stored_.push_back(a->sequence);
      return disk_ok_ ? delivery_->stored(a->sequence, now_) : delivery_->store_failed(a->sequence, "no space", now_);
    }
    if (const auto* b = std::get_if<action::SaveNotes>(&action)) {
      notes_ = b->notes;
      return delivery_->notes_saved(b->edition, now_);
    }
    if (const auto* c = std::get_if<action::Send>(&action)) sent_.push_back(*c);
    if (const auto* d = std::get_if<action::Forget>(&action)) forgotten_.push_back(d->sequence);
    if (const auto* e = std::get_if<action::SetAside>(&action)) aside_.push_back(e->sequence);
    if (const auto* f = std::get_if<action::Tell>(&action)) told_.push_back(f->text);
    return {};
  }

  BatchRecord close(std::uint64_t bytes = 100) {
    BatchRecord record{delivery_->next_sequence(), bytes, 3, 1000, 2000, delivery_->pending()};
    take(delivery_->closed(record, now_));
    return record;
  }
  void answer(Verdict verdict, const std::string& message = "") {
    std::vector<Ack> acks;
    for (const std::uint64_t sequence : sent_.back().sequences) acks.push_back({sequence, verdict, message});
    take(delivery_->answered(sent_.back().request, acks, now_));
  }
  void fail(Delivery::Failure failure = {"refused", false, false, {}}) {
    take(delivery_->request_failed(sent_.back().request, std::move(failure), now_));
  }

  SeededRandom random_{7};
  MonotonicTime now_{100s};
  std::unique_ptr<Delivery> delivery_;
  bool disk_ok_ = true;
  std::vector<std::uint64_t> stored_, forgotten_, aside_;
  std::vector<action::Send> sent_;
  std::vector<std::string> told_;
  SpoolNotes notes_;
};

TEST_F(DeliveryTest, StoresBeforeItSends) {
  const BatchRecord record{delivery_->next_sequence(), 100, 1, 0, 0, {}};
  const Actions actions = delivery_->closed(record, now_);
  ASSERT_EQ(actions.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<action::Store>(actions[0]));
  take(delivery_->stored(1, now_));
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].sequences, std::vector<std::uint64_t>{1});
}

TEST_F(DeliveryTest, KeepsTheNewestForItsNumber) {
  close();
  answer(Verdict::kStored);
  EXPECT_TRUE(forgotten_.empty());
  EXPECT_TRUE(delivery_->idle());
  EXPECT_EQ(delivery_->waiting_batches(), 0U);
  close();
  EXPECT_EQ(forgotten_, std::vector<std::uint64_t>{1});
  answer(Verdict::kDuplicate);
  take(delivery_->stopping(now_));
  EXPECT_EQ(forgotten_, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(notes_.next_sequence, 3U);
}

TEST_F(DeliveryTest, SendsSeveralUpToTheLimit) {
  DeliveryLimits limits;
  limits.request_bytes = 250;
  renew(limits);
  close();  // under way
  for (int i = 0; i < 4; ++i) close();
  answer(Verdict::kStored);
  EXPECT_EQ(sent_.back().sequences, (std::vector<std::uint64_t>{2, 3}));
  answer(Verdict::kStored);
  EXPECT_EQ(sent_.back().sequences, (std::vector<std::uint64_t>{4, 5}));
}

TEST_F(DeliveryTest, ABatchOverTheLimitGoesAlone) {
  DeliveryLimits limits;
  limits.request_bytes = 50;
  renew(limits);
  close(100);
  EXPECT_EQ(sent_.back().sequences, std::vector<std::uint64_t>{1});
}

TEST_F(DeliveryTest, BacksOffWithJitterUpToTheCap) {
  close();
  Nanoseconds longest{};
  for (int i = 0; i < 50; ++i) {
    fail();
    const Nanoseconds pause = *delivery_->wake() - now_;
    EXPECT_GE(pause, DeliveryLimits{}.backoff_base);
    EXPECT_LE(pause, DeliveryLimits{}.backoff_cap);
    longest = std::max(longest, pause);
    const std::size_t before = sent_.size();
    now_ = *delivery_->wake() - 1ns;
    take(delivery_->tick(now_));
    EXPECT_EQ(sent_.size(), before);
    now_ = now_ + 1ns;
    take(delivery_->tick(now_));
    EXPECT_EQ(sent_.size(), before + 1);
  }
  EXPECT_GT(longest, 10s);
  EXPECT_EQ(delivery_->state(), UplinkState::kAway);
  EXPECT_EQ(told_.size(), 1U);  // once, not fifty times
  answer(Verdict::kStored);
  EXPECT_EQ(delivery_->state(), UplinkState::kDelivering);
}

TEST_F(DeliveryTest, HonoursRetryAfter) {
  close();
  fail({"busy", false, true, 20s});
  EXPECT_GE(*delivery_->wake() - now_, 20s);
  EXPECT_LE(*delivery_->wake() - now_, 40s);
  EXPECT_EQ(delivery_->state(), UplinkState::kBusy);
}

TEST_F(DeliveryTest, UnknownKeyKeepsAndTellsTheCommand) {
  DeliveryLimits limits;
  limits.enrol_command = "gnomon probe allow abc";
  renew(limits);
  close();
  answer(Verdict::kUnknownKey);
  EXPECT_EQ(delivery_->state(), UplinkState::kNotEnrolled);
  EXPECT_EQ(delivery_->waiting_batches(), 1U);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_NE(told_[0].find("gnomon probe allow abc"), std::string::npos);
  EXPECT_GE(*delivery_->wake() - now_, limits.not_enrolled_base);
  now_ = *delivery_->wake();
  take(delivery_->tick(now_));
  answer(Verdict::kStored);
  EXPECT_TRUE(delivery_->idle());
}

TEST_F(DeliveryTest, BadIsSetAsideAndReported) {
  close();
  answer(Verdict::kBad, "columns differ in length");
  EXPECT_EQ(aside_, std::vector<std::uint64_t>{1});
  ASSERT_EQ(delivery_->pending().size(), 1U);
  EXPECT_EQ(delivery_->pending()[0].windows, 3U);
  EXPECT_EQ(delivery_->pending()[0].reason, "refused by the server: columns differ in length");
}

TEST_F(DeliveryTest, ABatchThatTheServerCannotReadStopsNoOther) {
  close();
  close();
  const std::vector<Ack> acks{{0, Verdict::kBad, "signature does not match"}};  // it has no number that it could name
  take(delivery_->answered(sent_.back().request, acks, now_));
  EXPECT_EQ(aside_, std::vector<std::uint64_t>{1});
  EXPECT_EQ(sent_.back().sequences, std::vector<std::uint64_t>{2});
}

TEST_F(DeliveryTest, TooLargeIsHalvedThenSetAside) {
  close(1000);
  close(1000);
  close(1000);
  answer(Verdict::kStored);
  EXPECT_EQ(sent_.back().sequences.size(), 2U);
  while (sent_.back().sequences.size() > 1) fail({"too large", true, false, {}});
  fail({"too large", true, false, {}});
  EXPECT_EQ(aside_, std::vector<std::uint64_t>{2});
  EXPECT_EQ(sent_.back().sequences, std::vector<std::uint64_t>{3});
}

TEST_F(DeliveryTest, DoesNotBelieveAnAnswerToOthers) {
  close();
  const Ack wrong{9, Verdict::kStored, ""};
  take(delivery_->answered(sent_.back().request, std::span(&wrong, 1), now_));
  EXPECT_EQ(delivery_->waiting_batches(), 1U);
  const Ack right{1, Verdict::kStored, ""};
  take(delivery_->answered(99, std::span(&right, 1), now_));  // late, of an earlier request
  EXPECT_EQ(delivery_->waiting_batches(), 1U);
}

TEST_F(DeliveryTest, DropsOldestFirstAndCarriesWhatItDropped) {
  DeliveryLimits limits;
  limits.disk_bytes = 350;
  renew(limits);
  close();
  fail();
  for (int i = 0; i < 4; ++i) close();  // 1 and 2 go
  EXPECT_EQ(forgotten_, (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(delivery_->dropped_windows(), 6U);
  const BatchRecord sixth = close();  // 3 goes; the batch tells of 2
  ASSERT_EQ(sixth.carried.size(), 1U);
  EXPECT_EQ(sixth.carried[0], (DroppedRange{2, 2, 3, 1000, 2000, "spool full"}));
  EXPECT_EQ(delivery_->pending()[0].first_sequence, 3U);
}

TEST_F(DeliveryTest, WhatADroppedBatchCarriedIsCarriedAgain) {
  DeliveryLimits limits;
  limits.disk_bytes = 150;
  renew(limits);
  close();
  fail();
  for (int i = 0; i < 5; ++i) close();
  std::uint64_t told = 0;
  for (const auto& range : delivery_->pending()) told += range.windows;
  const BatchRecord last = close();
  std::uint64_t all = 0;
  for (const auto& range : last.carried) all += range.windows;
  for (const auto& range : delivery_->pending()) all += range.windows;
  EXPECT_EQ(all, delivery_->dropped_windows());
  EXPECT_GE(all, told);
}

TEST_F(DeliveryTest, KeepsInMemoryWhenTheDiskRefuses) {
  disk_ok_ = false;
  close();
  EXPECT_EQ(notes_.at_risk.size(), 1U);
  EXPECT_EQ(notes_.next_sequence, 2U);
  ASSERT_EQ(sent_.size(), 1U);  // sent from memory, once the notes hold its number
  answer(Verdict::kStored);
  EXPECT_TRUE(delivery_->idle());
  EXPECT_TRUE(notes_.at_risk.empty());
}

TEST_F(DeliveryTest, SaysOnceThatTheMemoryIsFullTooAndCountsWhatItDrops) {
  DeliveryLimits limits;
  limits.memory_bytes = 250;
  renew(limits);
  disk_ok_ = false;
  for (int i = 0; i < 6; ++i) close();
  EXPECT_GT(delivery_->dropped_windows(), 0U);
  EXPECT_EQ(std::ranges::count_if(told_, [](const auto& text) { return text.find("is full") != text.npos; }), 1);
}

TEST_F(DeliveryTest, StoresFromMemoryInOrderWhenTheDiskIsWell) {
  disk_ok_ = false;
  for (int i = 0; i < 3; ++i) close();
  stored_.clear();
  disk_ok_ = true;
  now_ = *delivery_->wake();
  take(delivery_->tick(now_));
  EXPECT_EQ(stored_, (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_TRUE(notes_.at_risk.empty());
}

TEST_F(DeliveryTest, RecoversNumbersAndWhatWasAtRisk) {
  SpoolNotes notes;
  notes.next_sequence = 8;
  notes.at_risk = {{6, 7, 10, 1, 2, ""}};
  delivery_ = std::make_unique<Delivery>(DeliveryLimits{}, random_);
  take(delivery_->recovered({{5, 100, 3, 0, 0, {}}, {6, 100, 4, 0, 0, {}}}, notes, now_));
  EXPECT_EQ(delivery_->next_sequence(), 8U);
  ASSERT_EQ(delivery_->pending().size(), 1U);
  EXPECT_EQ(delivery_->pending()[0].windows, 6U);  // 6 had come to the disk after all
  EXPECT_EQ(sent_.back().sequences, (std::vector<std::uint64_t>{5, 6}));
}

TEST_F(DeliveryTest, FinishesADropThatACrashInterrupted) {
  SpoolNotes notes;
  notes.next_sequence = 4;
  notes.pending = {{1, 1, 3, 5, 6, "spool full"}, {2, 2, 3, 7, 8, "spool full"}};
  const BatchRecord dropped{2, 100, 3, 7, 8, {{1, 1, 3, 5, 6, "spool full"}}};  // had carried word of batch 1
  delivery_ = std::make_unique<Delivery>(DeliveryLimits{}, random_);
  take(delivery_->recovered({dropped, {3, 100, 1, 0, 0, {}}}, notes, now_));
  EXPECT_EQ(forgotten_, std::vector<std::uint64_t>{2});
  EXPECT_EQ(delivery_->pending(), notes.pending);
  EXPECT_EQ(sent_.back().sequences, std::vector<std::uint64_t>{3});
}

TEST_F(DeliveryTest, WarnsOfAReusedKey) {
  close();
  answer(Verdict::kDuplicate);
  ASSERT_FALSE(told_.empty());
  EXPECT_NE(told_[0].find("two probes use one key"), std::string::npos);
}

TEST(Tidy, JoinsNeighboursAndKeepsTheCount) {
  std::vector<DroppedRange> ranges{
      {5, 6, 2, 50, 60, "x"}, {1, 2, 4, 10, 20, "x"}, {3, 4, 1, 30, 40, "x"}, {7, 7, 1, 0, 0, "y"}};
  tidy(ranges);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0], (DroppedRange{1, 6, 7, 10, 60, "x"}));
  for (std::uint64_t i = 0; i < 200; ++i) ranges.push_back({100 + 3 * i, 100 + 3 * i, 1, 1, 1, "x"});
  tidy(ranges, 64);
  EXPECT_EQ(ranges.size(), 64U);
  std::uint64_t windows = 0;
  for (const auto& range : ranges) windows += range.windows;
  EXPECT_EQ(windows, 208U);
}

}  // namespace
}  // namespace gnomon::probe
