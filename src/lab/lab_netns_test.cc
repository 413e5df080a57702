// The emulator in real namespaces, judged by Debian's ping, by the kernel's timestamps and by counting.
#include <fcntl.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <set>

#include "lab/lab_fixture.h"

namespace gnomon::lab {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr const char* kOneLink = "  - {id: link, between: [a, b], delay: 20ms}\n";

// "rtt min/avg/max/mdev = 40.1/…": the first figure.
double least_rtt_ms(const std::string& ping) {
  const auto at = ping.find("mdev = ");
  return at == std::string::npos ? -1 : std::strtod(ping.c_str() + at + 7, nullptr);
}

TEST(LabLink, PingSeesTheDelayInBothFamilies) {
  const auto lab = start_lab({"a", "b"}, kOneLink);
  ASSERT_NE(lab, nullptr);
  for (const bool ipv6 : {false, true}) {
    const Output ping = run_at(*lab, "a", {"ping", "-n", "-c", "20", "-i", "0.02", address_of(*lab, "b", ipv6)});
    EXPECT_EQ(ping.exit_code, 0) << ping.text;
    EXPECT_THAT(ping.text, HasSubstr("20 received"));
    EXPECT_GE(least_rtt_ms(ping.text), 40.0) << ping.text;
    EXPECT_LE(least_rtt_ms(ping.text), 42.0) << ping.text;  // The least of 20, even on a busy machine.
  }
  const auto truth = lab->truth();
  EXPECT_EQ(truth->links[0].forward.received, 40U);
  EXPECT_EQ(truth->links[0].backward.forwarded, 40U);
  EXPECT_GE(*truth->links[0].forward.given.quantile(0), milliseconds(20) * 199 / 200);
}

TEST(LabLink, LosesAndCountsTheSameFrames) {
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], delay: 1ms, loss: 30%}\n");
  ASSERT_NE(lab, nullptr);
  const auto arrived = send_numbers(*lab, 2000);
  const DirectionTruth truth = forward_truth(*lab);
  EXPECT_EQ(truth.received, 2000U);
  EXPECT_EQ(truth.forwarded, arrived.size());
  EXPECT_EQ(truth.dropped_loss, 2000 - arrived.size());
  EXPECT_NEAR(static_cast<double>(truth.dropped_loss), 600, 5 * std::sqrt(2000 * 0.3 * 0.7));
  EXPECT_TRUE(std::is_sorted(arrived.begin(), arrived.end()));
}

TEST(LabLink, LosesOneFamilyAlone) {
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], delay: 1ms, ipv6_loss: 100%}\n");
  ASSERT_NE(lab, nullptr);
  EXPECT_EQ(run_at(*lab, "a", {"ping", "-n", "-c", "3", "-i", "0.01", "-W", "1", address_of(*lab, "b")}).exit_code, 0);
  EXPECT_EQ(
      run_at(*lab, "a", {"ping", "-n", "-c", "3", "-i", "0.01", "-W", "1", address_of(*lab, "b", true)}).exit_code, 1);
}

TEST(LabLink, ASlowLinkFillsItsQueueThenDrops) {
  // A datagram of 64 bytes is a frame of 106; at 1 Mbit/s it takes 848 µs, and 50 ms hold 58 of them.
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], rate: 1M, queue: 50ms, delay: 0}\n");
  ASSERT_NE(lab, nullptr);
  BenchSocket receiver = open_at(*lab, "b", kTestPort);
  BenchSocket sender = open_at(*lab, "a", 0);
  ASSERT_TRUE(sender.connect(address_of(*lab, "b"), kTestPort).has_value());
  std::uint64_t sent = 0;
  while (sent < 640) sent += sender.send_batch(64);
  std::vector<WallTime> arrivals;
  for (const auto& arrival : receive_all(*lab, receiver, {}, 640))
    arrivals.push_back(arrival.at.value_or(SystemClock().wall()));
  const DirectionTruth truth = forward_truth(*lab);
  EXPECT_EQ(truth.received, 640U);
  EXPECT_EQ(truth.forwarded, arrivals.size());
  EXPECT_EQ(truth.forwarded + truth.dropped_queue, 640U);
  EXPECT_GE(truth.forwarded, 59U);
  EXPECT_LE(truth.forwarded, 200U);  // More only if the burst itself took long; still far from all.
  // The last one waited for the whole queue, and they left at the rate; a busy machine begins late with the first.
  EXPECT_GE(truth.given_max, milliseconds(49));
  const Nanoseconds span = arrivals.back() - arrivals.front();
  const double served = static_cast<double>(arrivals.size() - 1) * 0.848;
  EXPECT_GE(static_cast<double>(span.count()) / 1e6, served * 0.9);
}

TEST(LabLink, DuplicatesEveryFrameWhenToldTo) {
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], delay: 2ms, duplicate: 100%}\n");
  ASSERT_NE(lab, nullptr);
  EXPECT_EQ(send_numbers(*lab, 100, 100).size(), 200U);
  const DirectionTruth truth = forward_truth(*lab);
  EXPECT_EQ(truth.forwarded, 100U);
  EXPECT_EQ(truth.duplicated, 100U);
}

TEST(LabLink, ReordersAndCountsAsRfc4737Does) {
  const auto lab = start_lab({"a", "b"}, "  - {between: [a, b], delay: 2ms, reorder: 10%}\n");
  ASSERT_NE(lab, nullptr);
  const auto arrived = send_numbers(*lab, 1000);
  ASSERT_EQ(arrived.size(), 1000U);
  std::uint64_t next = 0;
  std::uint64_t reordered = 0;
  for (const std::uint64_t number : arrived) {
    if (number < next) {
      ++reordered;
    } else {
      next = number + 1;
    }
  }
  EXPECT_EQ(forward_truth(*lab).reordered, reordered);
  EXPECT_NEAR(static_cast<double>(reordered), 100, 5 * std::sqrt(1000 * 0.1 * 0.9));
}

TEST(LabLink, ASmallMtuIsToldUnlessItIsABlackHole) {
  const auto lab = start_lab({"a", "r", "b"}, "  - {between: [a, r]}\n  - {id: narrow, between: [r, b]}\n");
  ASSERT_NE(lab, nullptr);
  const auto ping = [&](bool ipv6) {
    const char* size = ipv6 ? "1452" : "1472";
    return run_at(
        *lab, "a",
        {"ping", "-n", "-c", "2", "-i", "0.05", "-W", "1", "-M", "do", "-s", size, address_of(*lab, "b", ipv6)});
  };
  EXPECT_EQ(ping(false).exit_code, 0);
  EXPECT_EQ(ping(true).exit_code, 0);
  ASSERT_TRUE(lab->set("narrow", settings({"mtu=1400", "blackhole=on"}), DirectionChoice::kBoth).has_value());
  for (const bool ipv6 : {false, true}) {
    const Output silent = ping(ipv6);
    EXPECT_EQ(silent.exit_code, 1);
    EXPECT_THAT(silent.text, testing::Not(testing::AnyOf(HasSubstr("mtu"), HasSubstr("Frag")))) << silent.text;
  }
  EXPECT_EQ(forward_truth(*lab, 1).dropped_mtu, 4U);
  ASSERT_TRUE(lab->set("narrow", settings({"blackhole=off"}), DirectionChoice::kBoth).has_value());
  EXPECT_THAT(ping(false).text, HasSubstr("mtu = 1400"));
  EXPECT_THAT(ping(true).text, HasSubstr("mtu=1400"));
  EXPECT_EQ(forward_truth(*lab, 1).dropped_mtu, 4U);  // The router told; nothing reached the link.
  ASSERT_TRUE(lab->set_default("narrow", DirectionChoice::kBoth).has_value());
  EXPECT_EQ(ping(false).exit_code, 0);  // What the sites had learnt is forgotten.
  EXPECT_EQ(ping(true).exit_code, 0);
}

TEST(LabLink, FailsSilentlyAndHeals) {
  const auto lab = start_lab({"a", "b"}, kOneLink);
  ASSERT_NE(lab, nullptr);
  const auto failed = lab->fail("link");
  ASSERT_TRUE(failed.has_value());
  EXPECT_EQ(failed->use.lose_all, 2U);
  EXPECT_FALSE(failed->link.up);
  EXPECT_THAT(failed->text_en, HasSubstr("2 of 2 site pairs used it and lose everything. Routes stay"));
  EXPECT_TRUE(send_numbers(*lab, 10).empty());
  EXPECT_EQ(forward_truth(*lab).dropped_down, 10U);
  ASSERT_TRUE(lab->heal("link").has_value());
  EXPECT_EQ(send_numbers(*lab, 10).size(), 10U);
}

TEST(LabLink, ChangesOneDirectionAlone) {
  const auto lab = start_lab({"a", "b"}, "  - {id: link, between: [a, b], delay: 1ms}\n");
  ASSERT_NE(lab, nullptr);
  const auto changed = lab->set("link", settings({"delay=30ms"}), DirectionChoice::kBackward);
  ASSERT_TRUE(changed.has_value());
  EXPECT_EQ(changed->link.forward.delay, milliseconds(1));
  EXPECT_EQ(changed->link.backward.delay, milliseconds(30));
  const Output ping = run_at(*lab, "a", {"ping", "-n", "-c", "5", "-i", "0.02", address_of(*lab, "b")});
  EXPECT_GE(least_rtt_ms(ping.text), 31.0);
  EXPECT_LE(least_rtt_ms(ping.text), 33.0);
  EXPECT_FALSE(lab->set_default("link", DirectionChoice::kBoth)->link.changed);
}

constexpr const char* kTriangle =
    "  - {id: direct, between: [a, b], delay: 1ms}\n  - {between: [a, c], delay: 2ms}\n  - {between: [c, b], delay: "
    "2ms}\n";

TEST(LabRouting, StaysUntilToldToGoRound) {
  const auto lab = start_lab({"a", "b", "c"}, kTriangle);
  ASSERT_NE(lab, nullptr);
  const std::vector<std::string> ping{"ping", "-n", "-c", "2", "-i", "0.05", "-W", "1", address_of(*lab, "b")};
  ASSERT_TRUE(lab->fail("direct").has_value());
  EXPECT_EQ(run_at(*lab, "a", ping).exit_code, 1);
  const auto rerouted = lab->fail("direct", RerouteChoice::kNow);
  ASSERT_TRUE(rerouted.has_value());
  EXPECT_TRUE(rerouted->link.routed_round);
  EXPECT_EQ(run_at(*lab, "a", ping).exit_code, 0);
  EXPECT_FALSE(lab->heal("direct")->link.routed_round);
  EXPECT_LE(least_rtt_ms(run_at(*lab, "a", ping).text), 3.9);  // The direct way again.
}

TEST(LabRouting, GoesRoundByItselfWhereTheRegionSaysSo) {
  std::mutex mutex;
  std::condition_variable changed;
  int changes = 0;
  const auto lab = start_lab({"a", "b", "c"}, kTriangle, "routing: {rerouting: {after: 50ms}}\n");
  ASSERT_NE(lab, nullptr);
  lab->on_change([&](const std::string&) {
    const std::lock_guard lock(mutex);
    ++changes;
    changed.notify_all();
  });
  ASSERT_TRUE(lab->fail("direct").has_value());
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return changes == 2; }));
  EXPECT_TRUE(lab->links()[0].routed_round);
}

TEST(LabRouting, SpreadsFlowsOverEqualPaths) {
  const auto lab =
      start_lab({"a", "b"}, "  - {id: x, between: [a, b], delay: 1ms}\n  - {id: y, between: [a, b], delay: 1ms}\n",
                "routing: {ecmp: true}\n");
  ASSERT_NE(lab, nullptr);
  BenchSocket receiver = open_at(*lab, "b", kTestPort);
  for (int flow = 0; flow < 64; ++flow) {  // A new source port each.
    BenchSocket sender = open_at(*lab, "a", 0);
    ASSERT_TRUE(sender.connect(address_of(*lab, "b"), kTestPort).has_value());
    ASSERT_TRUE(sender.send(1).has_value());
  }
  for (int arrived = 0; arrived < 64; ++arrived) ASSERT_TRUE(receiver.receive(std::chrono::seconds(10)).has_value());
  const std::uint64_t over_x = forward_truth(*lab, 0).received;
  const std::uint64_t over_y = forward_truth(*lab, 1).received;
  EXPECT_EQ(over_x + over_y, 64U);
  EXPECT_GT(over_x, 8U);
  EXPECT_GT(over_y, 8U);
}

TEST(LabTruth, ResetsToZero) {
  const auto lab = start_lab({"a", "b"}, kOneLink);
  ASSERT_NE(lab, nullptr);
  send_numbers(*lab, 5);
  EXPECT_EQ(forward_truth(*lab).forwarded, 5U);
  ASSERT_TRUE(lab->reset_truth().has_value());
  const DirectionTruth truth = forward_truth(*lab);
  EXPECT_EQ(truth.received, 0U);
  EXPECT_TRUE(truth.given.empty());
  EXPECT_EQ(truth.given_max, Nanoseconds{0});
}

TEST(Lab, BringsTheBundledRegionUp) {
  const auto region = load_region("delta");
  ASSERT_TRUE(region.has_value());
  const auto lab = Lab::start(*region, {}, system_clock());
  ASSERT_TRUE(lab.has_value()) << lab.error().message();
  for (const bool ipv6 : {false, true}) {
    const Output ping =
        run_at(**lab, "zh-5g", {"ping", "-n", "-c", "3", "-i", "0.05", address_of(**lab, "hz-fixed", ipv6)});
    EXPECT_EQ(ping.exit_code, 0) << ping.text;
  }
}

}  // namespace
}  // namespace gnomon::lab
