// Of the simulation itself: it must obey what anybody can reckon by hand.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/transfer_scene_for_test.h"

namespace gnomon::analysis {
namespace {

double megabits(const schema::Transfer& transfer, double from) {
  const auto& samples = transfer.samples;
  const auto first = std::ranges::find_if(
      samples, [&](const auto& sample) { return std::chrono::duration<double>(sample.at).count() >= from; });
  return static_cast<double>(samples.back().received_bytes - first->received_bytes) * 8e3 /
         static_cast<double>((samples.back().at - first->at).count());
}

TEST(TransferScene, FillsALinkAndItsQueue) {
  for (const Control control : {Control::kReno, Control::kCubic, Control::kBbr}) {
    for (const int streams : {1, 4, 16}) {
      Scene scene;
      scene.control = control, scene.streams = streams;
      const auto transfer = simulate(scene);
      EXPECT_NEAR(megabits(transfer, 2), 100, 7) << static_cast<int>(control) << " " << streams;
      const auto& tcp = *transfer.samples.back().tcp;
      EXPECT_LE(tcp.rtt, std::chrono::milliseconds(43));
      EXPECT_GE(tcp.busy, std::chrono::milliseconds(9'800));
    }
  }
}

TEST(TransferScene, AWindowAllowsItselfOnceInARoundTrip) {
  Scene scene;
  scene.rtt = 0.04, scene.receive_buffer = 100e3;
  const auto transfer = simulate(scene);
  EXPECT_NEAR(megabits(transfer, 2), 20, 1);
  EXPECT_GE(transfer.samples.back().tcp->window_limited, std::chrono::seconds(9));
}

// Mathis et al. 1997: MSS/RTT · 1.22/√p.
TEST(TransferScene, RandomLossGivesRenoItsRate) {
  Scene scene;
  scene.control = Control::kReno, scene.link = 125e6, scene.queue = 1e6, scene.loss = 1e-3, scene.length = 60;
  EXPECT_NEAR(megabits(simulate(scene), 5), 1448 * 8 / 0.02 * 1.22 / std::sqrt(1e-3) / 1e6, 5);
}

TEST(TransferScene, APolicedStreamHasItsRateAndNoQueue) {
  Scene scene;
  scene.bucket = SceneBucket{2.5e6, 300e3};
  const auto transfer = simulate(scene);
  EXPECT_GT(megabits(transfer, 2), 12);
  EXPECT_LT(megabits(transfer, 2), 20.2);
  EXPECT_GT(transfer.samples.back().tcp->retransmitted_segments, 20U);
  EXPECT_LT(transfer.samples.back().tcp->rtt, std::chrono::milliseconds(23));
}

TEST(TransferScene, ProcessorsAndPaceHoldItBack) {
  Scene slow;
  slow.link = 125e6, slow.sender.bytes_per_second = 40e6;
  EXPECT_NEAR(megabits(simulate(slow), 2), 320, 10);
  Scene quota = slow;
  quota.send_buffer = 8e6;
  quota.sender = {400e6, 1, 0.1};
  const auto throttled = simulate(quota);
  EXPECT_NEAR(megabits(throttled, 2), 320, 30);
  EXPECT_GT(throttled.samples.back().sender_cpu->throttled, std::chrono::seconds(3));
  Scene reader;
  reader.link = 125e6, reader.receiver.bytes_per_second = 40e6;
  EXPECT_NEAR(megabits(simulate(reader), 2), 320, 10);
  Scene paced;
  paced.pace = 2.5e6;
  EXPECT_NEAR(megabits(simulate(paced), 2), 20, 0.5);
}

}  // namespace
}  // namespace gnomon::analysis
