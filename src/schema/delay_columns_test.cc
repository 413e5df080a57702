#include "schema/delay_columns.h"

#include <gtest/gtest.h>

#include "gnomon/v1/delay.pb.h"
#include "schema/columns.h"
#include "schema/unknown.h"

namespace gnomon::schema {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kBase{1'700'000'000s};

DelayWindow answered_window() {
  DelayWindow w;
  w.start = kBase + 20s;
  w.duration = 10s;
  w.outcome = Outcome::kAnswered;
  w.marks = kMarkPartial | kMarkClockFault;
  w.sent = 10;
  w.received = 8;
  w.lost = 2;
  w.duplicated = 1;
  w.reordered = 3;
  w.late = 1;
  w.stray = 4;
  w.unreachable = 1;
  w.lost_forward = 2;
  w.lost_backward = 0;
  w.reordered_forward = 1;
  w.reordered_backward = 2;
  w.rtt_min = 1ms;
  w.rtt_mean = 2ms;
  w.rtt_max = 5ms;
  w.forward_min = -3us;
  w.forward_max = 1ms;
  w.backward_min = 0ns;
  w.backward_max = 4ms;
  w.timestamp_source = TimestampSource::kKernel;
  w.error_bound = 1300ns;
  w.clock_bound = 900us;
  for (const auto rtt : {1ms, 2ms, 2ms, 5ms}) w.rtt.add(rtt);
  w.forward.add(-3us);
  w.forward.add(1ms);
  w.ipdv.add(0ns);
  return w;
}

DelayWindow silent_window() {
  DelayWindow w;
  w.start = kBase;
  w.duration = 10s;
  w.sent = 10;
  w.lost = 10;
  return w;
}

v1::DelayWindows two_rows() {
  v1::DelayWindows message;
  append(message, 1, kBase, answered_window());
  append(message, 0, kBase, silent_window());
  return message;
}

bool same(const DelaySketch& a, const DelaySketch& b) {
  return std::ranges::equal(a.buckets(), b.buckets()) && a.count() == b.count();
}

std::string_view refusal_of(const v1::DelayWindows& message) {
  const auto view = DelayColumns::view(message, 2);
  return view ? "accepted" : view.error().reason;
}

TEST(DelayColumns, GivesBackWhatWasAppended) {
  const auto message = two_rows();
  const auto view = DelayColumns::view(message, 2);
  ASSERT_TRUE(view);
  ASSERT_EQ(view->size(), 2U);
  EXPECT_EQ(view->path_of(0), 1U);
  const DelayWindow w = view->row(0, kBase);
  const DelayWindow expected = answered_window();
  EXPECT_EQ(w.start, expected.start);
  EXPECT_EQ(w.duration, expected.duration);
  EXPECT_EQ(w.marks, expected.marks);
  EXPECT_EQ(w.unreachable, expected.unreachable);
  EXPECT_EQ(w.lost_backward, expected.lost_backward);
  EXPECT_EQ(w.reordered_backward, expected.reordered_backward);
  EXPECT_EQ(w.forward_min, expected.forward_min);
  EXPECT_EQ(w.backward_min, expected.backward_min);
  EXPECT_EQ(w.clock_bound, expected.clock_bound);
  EXPECT_TRUE(same(w.rtt, expected.rtt));
  EXPECT_TRUE(same(w.forward, expected.forward));
  EXPECT_TRUE(w.backward.empty());
}

TEST(DelayColumns, KeepsUnknownApartFromZero) {
  const auto message = two_rows();
  const DelayWindow w = DelayColumns::view(message, 2)->row(1, kBase);
  EXPECT_FALSE(w.rtt_min || w.forward_min || w.backward_max || w.lost_forward || w.error_bound || w.clock_bound);
  EXPECT_TRUE(w.rtt.empty());
}

TEST(DelayColumns, GivesWholeColumnsAsTheyWereSent) {
  const auto message = two_rows();
  const auto view = DelayColumns::view(message, 2);
  ASSERT_TRUE(view);
  for (std::size_t i = 0; i < delay_columns().size(); ++i) {
    if (delay_columns()[i].kind == ColumnKind::kSketch) {
      EXPECT_EQ(view->sketches(i).offset.size(), 3U) << delay_columns()[i].name;
    } else {
      std::visit([&](const auto& values) { EXPECT_EQ(values.size(), 2U) << delay_columns()[i].name; },
                 view->numbers(i));
    }
  }
  const auto sent = std::get<std::span<const std::uint32_t>>(view->numbers(*delay_column("sent")));
  EXPECT_EQ(sent[1], 10U);
  EXPECT_EQ(view->rtt().total[0], 4U);
  EXPECT_EQ(view->rtt().number[0], DelaySketch::bucket_of(1ms));
}

TEST(DelayColumns, RefusesEveryColumnOfAnotherLength) {
  const auto* descriptor = v1::DelayWindows::descriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    auto message = two_rows();
    if (descriptor->field(i)->is_repeated()) {
      message.GetReflection()->RemoveLast(&message, descriptor->field(i));
    } else {
      message.GetReflection()->ClearField(&message, descriptor->field(i));
    }
    EXPECT_FALSE(DelayColumns::view(message, 2)) << descriptor->field(i)->name();
  }
}

TEST(DelayColumns, TakesABatchOfAProbeThatDidNotKnowAColumnYet) {
  auto message = two_rows();
  message.clear_reordered_backward();
  const auto view = DelayColumns::view(message, 2);
  ASSERT_TRUE(view);
  EXPECT_FALSE(view->row(0, kBase).reordered_backward);
  EXPECT_EQ(view->row(0, kBase).reordered_forward, 1U);
  const auto values = std::get<std::span<const std::int64_t>>(view->numbers(*delay_column("reordered_backward")));
  ASSERT_EQ(values.size(), 2U);
  EXPECT_EQ(values[1], kUnknownCount);
}

TEST(DelayColumns, OnlyColumnsThatCanBeUnknownJoinLater) {
  for (const Column& column : delay_columns()) EXPECT_TRUE(!column.joined_later || column.unknown == kUnknownCount);
}

TEST(DelayColumns, RefusesAPathBeyondTheBatch) {
  const auto message = two_rows();
  EXPECT_FALSE(DelayColumns::view(message, 1));
}

TEST(DelayColumns, RefusesSketchesThatDoNotHoldTogether) {
  auto message = two_rows();
  message.mutable_rtt()->set_length(0, 9);
  EXPECT_EQ(refusal_of(message), "sketch column is cut short");
  message = two_rows();
  message.mutable_rtt()->add_number(1);
  message.mutable_rtt()->add_count(1);
  EXPECT_EQ(refusal_of(message), "sketch column has bytes left over");
  message = two_rows();
  message.mutable_rtt()->set_number(1, 0);
  EXPECT_EQ(refusal_of(message), "sketch buckets do not rise");
  message = two_rows();
  message.mutable_rtt()->set_number(0, 40'000);
  EXPECT_EQ(refusal_of(message), "sketch bucket out of range");
  message = two_rows();
  message.mutable_rtt()->set_count(0, 0);
  EXPECT_EQ(refusal_of(message), "sketch bucket without packets");
  message = two_rows();
  message.mutable_rtt()->set_count(0, 9);
  EXPECT_EQ(refusal_of(message), "sketch holds more packets than received");
  message = two_rows();
  message.mutable_rtt()->set_length(0, 5'000);
  EXPECT_EQ(refusal_of(message), "sketch with too many buckets");
}

TEST(DelayColumns, RefusesCountsAndDelaysThatContradictEachOther) {
  auto message = two_rows();
  message.set_lost(0, 3);
  EXPECT_EQ(refusal_of(message), "more packets received and lost than sent");
  message = two_rows();
  message.set_rtt_mean(0, 0);
  EXPECT_EQ(refusal_of(message), "minimum, mean and maximum are out of order");
  message = two_rows();
  message.set_forward_max(0, -4000);
  EXPECT_EQ(refusal_of(message), "one-way minimum is above the maximum");
  message = two_rows();
  message.set_error_bound(0, -2);
  EXPECT_EQ(refusal_of(message), "negative round-trip delay or bound");
  message = two_rows();
  message.set_lost_forward(0, -2);
  EXPECT_EQ(refusal_of(message), "packet count out of range");
}

TEST(DelayColumns, LateAnswersMayBelongToAnEarlierWindow) {
  v1::DelayWindows message = two_rows();
  message.set_late(0, message.lost(0) + 5);
  EXPECT_EQ(refusal_of(message), "accepted");
}

TEST(DelayColumns, RefusesMoreWindowsThanTheLimit) {
  v1::DelayWindows message;
  for (std::size_t i = 0; i <= kMaximumWindows; ++i) message.add_path(0);
  EXPECT_EQ(refusal_of(message), "too many windows in one batch");
}

TEST(DelayColumns, AcceptsABatchWithoutWindows) {
  EXPECT_EQ(DelayColumns::view(v1::DelayWindows(), 0)->size(), 0U);
}

TEST(DelayWindowAppend, HoldsTimesAtTheColumnsLimits) {
  v1::DelayWindows message;
  DelayWindow w = silent_window();
  w.start = kBase - 1s;
  w.duration = std::chrono::hours(24 * 365);
  append(message, 0, kBase, w);
  EXPECT_EQ(message.start_ms(0), 0U);
  EXPECT_EQ(message.duration_ms(0), UINT32_MAX);
}

}  // namespace
}  // namespace gnomon::schema
