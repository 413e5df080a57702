#include "analysis/transfer_scenarios_for_test.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/random.h"

namespace gnomon::analysis {
namespace {

constexpr double kMegabit = 125e3;  // bytes per second

class Maker {
 public:
  explicit Maker(std::uint64_t number) : random_(0x5ce7e ^ (number * 0x9e3779b97f4a7c15)) {
    scene_.seed = random_.next();
    const Control controls[] = {Control::kCubic, Control::kCubic, Control::kReno, Control::kBbr};
    scene_.control = controls[random_.next() % 4];
    const int counts[] = {1, 1, 1, 2, 4, 8, 16};
    scene_.streams = counts[random_.next() % 7];
    scene_.rtt = logarithmic(0.002, 0.1);
    scene_.link = kMegabit * logarithmic(10, 1000);
    scene_.queue = scene_.link * logarithmic(0.01, 0.3);
    scene_.hystart = random_.next() % 2 == 0;
    scene_.rtt_noise = logarithmic(5e-5, 2e-3);
    scene_.sender.bytes_per_second = scene_.receiver.bytes_per_second = kMegabit * logarithmic(3'000, 20'000);
    scene_.receive_buffer = scene_.send_buffer = 64e6;
  }

  Scene link() {
    no_slow_reno();
    if (random_.next() % 4 == 0) scene_.queue = scene_.link * scene_.rtt * logarithmic(0.1, 0.5);
    if (random_.next() % 6 == 0)
      scene_.others = SceneOthers{5 * random_.uniform(), scene_.link * 0.3 * random_.uniform()};
    return scene_;
  }
  // One or few streams whose losses keep them below 70 % of the link by Mathis' formula.
  Scene loss() {
    scene_.control = random_.next() % 2 == 0 ? Control::kReno : Control::kCubic;
    scene_.streams = 1 + static_cast<int>(random_.next() % 3);
    scene_.rtt = logarithmic(0.01, 0.1);
    scene_.loss = logarithmic(3e-4, 2e-2);
    const double mathis = scene_.streams * 1448 / scene_.rtt * 1.22 / std::sqrt(scene_.loss);
    const double cubic = scene_.streams * 1448 * 1.054 / std::pow(scene_.rtt, 0.25) / std::pow(scene_.loss, 0.75);
    scene_.link = std::max(mathis, cubic) / logarithmic(0.1, 0.5);
    scene_.queue = scene_.link * 0.05;
    return scene_;
  }
  Scene policed() {
    const double rate = kMegabit * logarithmic(5, 200);
    scene_.bucket = SceneBucket{rate, rate * logarithmic(0.06, 0.8)};
    scene_.link = rate * logarithmic(3, 10);
    scene_.queue = scene_.link * 0.05;
    return scene_;
  }
  Scene processor(bool sender) {
    no_slow_reno();
    SceneCpu cpu;
    const double rate = scene_.link * logarithmic(0.1, 0.7);
    switch (random_.next() % 3) {
      case 0:
        cpu.bytes_per_second = rate;
        break;
      case 1:
        cpu.share = 0.1 + 0.6 * random_.uniform();
        cpu.bytes_per_second = rate / cpu.share;
        break;
      default:
        cpu.quota = 0.1 + 0.6 * random_.uniform();
        cpu.bytes_per_second = rate / cpu.quota;
    }
    (sender ? scene_.sender : scene_.receiver) = cpu;
    scene_.receive_buffer = scene_.send_buffer = std::max(4e6, 3 * scene_.link * scene_.rtt);
    return scene_;
  }
  Scene window(bool receive) {
    scene_.rtt = logarithmic(0.01, 0.1);
    scene_.link = kMegabit * logarithmic(50, 1000);
    no_slow_reno();
    const double all = scene_.link * scene_.rtt * logarithmic(0.1, 0.7);
    scene_.streams = std::min(scene_.streams, std::max(1, static_cast<int>(all / 12e3)));
    const double bytes = all / scene_.streams;
    (receive ? scene_.receive_buffer : scene_.send_buffer) = bytes;
    return scene_;
  }
  Scene application() {
    no_slow_reno();
    scene_.pace = scene_.link * logarithmic(0.05, 0.7);
    scene_.block = random_.next() % 2 == 0 ? 0 : 131'072;
    return scene_;
  }
  schema::Direction direction() { return random_.next() % 2 == 0 ? schema::Direction::kDown : schema::Direction::kUp; }

 private:
  // One stream of Reno needs minutes to fill a long fat path: then nothing but its slowness limits.
  void no_slow_reno() {
    if (scene_.link * scene_.rtt / scene_.streams > 100 * 1448 && scene_.control == Control::kReno) {
      scene_.control = Control::kCubic;
    }
  }
  double logarithmic(double low, double high) { return low * std::pow(high / low, random_.uniform()); }
  SeededRandom random_;
  Scene scene_;
};

Scenario draw(std::uint64_t number, std::uint64_t again) {
  Maker maker(number + 1'000'003 * again);
  const auto place = number % 100;
  if (place < 32) return {maker.link(), "network_rate", maker.direction()};
  if (place < 44) return {maker.loss(), "network_loss", maker.direction()};
  if (place < 56) return {maker.policed(), "policer", maker.direction()};
  if (place < 66) return {maker.processor(true), "sender_cpu", maker.direction()};
  if (place < 76) return {maker.processor(false), "receiver_cpu", maker.direction()};
  if (place < 86) return {maker.window(true), "receive_window", maker.direction()};
  if (place < 93) return {maker.window(false), "send_buffer", maker.direction()};
  return {maker.application(), "sender_application", maker.direction()};
}

// The rate that the limit allows, bytes per second.
double allowed(const Scenario& scenario) {
  const Scene& scene = scenario.scene;
  if (scenario.limit == "policer") return scene.bucket->bytes_per_second;
  if (scenario.limit == "sender_cpu") return scene.sender.bytes_per_second * scene.sender.share * scene.sender.quota;
  if (scenario.limit == "receiver_cpu")
    return scene.receiver.bytes_per_second * scene.receiver.share * scene.receiver.quota;
  if (scenario.limit == "receive_window") return scene.receive_buffer * scene.streams / scene.rtt;
  if (scenario.limit == "send_buffer") return scene.send_buffer * scene.streams / scene.rtt;
  if (scenario.limit == "sender_application") return scene.pace;
  return scene.link - (scene.others ? scene.others->bytes_per_second : 0);
}

// A limit that the transfer met for a part of its time only (a window that still grew; a loss or two by chance) is not
// what limited it: such a scenario is drawn again.
bool is_reached(const Scenario& scenario) {
  const auto& samples = simulate(scenario.scene).samples;
  const auto &begin = samples[samples.size() / 5], &end = samples.back();
  if (scenario.limit == "network_loss") {
    return end.tcp->retransmitted_segments - begin.tcp->retransmitted_segments >= 12;
  }
  const double rate = static_cast<double>(end.received_bytes - begin.received_bytes) /
                      std::chrono::duration<double>(end.at - begin.at).count();
  return rate >= (scenario.limit == "policer" ? 0.8 : 0.9) * allowed(scenario);
}

}  // namespace

Scenario scenario(std::uint64_t number) {
  for (std::uint64_t again = 0;; ++again) {
    Scenario drawn = draw(number, again);
    if (is_reached(drawn)) return drawn;
  }
}

TEST(TransferScenarios, AreTheSameForTheSameNumber) {
  const auto once = simulate(scenario(17).scene), again = simulate(scenario(17).scene);
  ASSERT_EQ(once.samples.size(), again.samples.size());
  EXPECT_EQ(once.samples.back().received_bytes, again.samples.back().received_bytes);
  EXPECT_NE(once.samples.back().received_bytes, simulate(scenario(18).scene).samples.back().received_bytes);
}

}  // namespace gnomon::analysis
