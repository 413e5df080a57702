#include "analysis/transfer_ends.h"

#include <gtest/gtest.h>

namespace gnomon::analysis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

schema::TransferSample sample_at(Nanoseconds at, std::uint64_t received) {
  schema::TransferSample sample;
  sample.at = at;
  sample.received_bytes = received;
  return sample;
}

schema::Transfer two_samples() {
  schema::Transfer transfer;
  transfer.direction = schema::Direction::kDown;
  auto known = sample_at(seconds(1), 2'000'000'000);
  known.sender_cpu.emplace().running = seconds(1);
  known.receiver_cpu.emplace().running = seconds(3);
  known.tcp.emplace();
  known.tcp->rtt = milliseconds(20);
  known.tcp->sent_segments = 200;
  known.tcp->retransmitted_segments = 5;
  transfer.samples = {known, sample_at(seconds(2), 3'000'000'000)};  // the last knows nothing of the ends
  return transfer;
}

TEST(TransferEnds, TheNewestSampleThatKnowsAFigureCounts) {
  auto transfer = two_samples();
  const TransferEnds down = transfer_ends(transfer);
  EXPECT_DOUBLE_EQ(*down.server_cpu, 0.5);
  EXPECT_DOUBLE_EQ(*down.client_cpu, 1.5);
  EXPECT_DOUBLE_EQ(*down.retransmission_ratio, 0.025);
  EXPECT_EQ(down.rtt, milliseconds(20));
  transfer.direction = schema::Direction::kUp;
  EXPECT_DOUBLE_EQ(*transfer_ends(transfer).client_cpu, 0.5);
}

TEST(TransferEnds, WhatNobodySawIsNotKnown) {
  const TransferEnds ends = transfer_ends({});
  EXPECT_FALSE(ends.client_cpu || ends.server_cpu || ends.retransmission_ratio || ends.rtt);
  EXPECT_FALSE(seconds_per_gb(schema::CpuUse{}, 0));
}

TEST(TransferEnds, DelayUnderLoadLeavesTheRampUpOut) {
  const auto transfer = two_samples();
  EXPECT_EQ(loaded_delay(transfer, seconds(1)).p50, milliseconds(20));
  EXPECT_FALSE(loaded_delay(transfer, milliseconds(1'500)).p95);
}

}  // namespace
}  // namespace gnomon::analysis
