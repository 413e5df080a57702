#include "analysis/transfer_limit.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>

#include "analysis/transfer_scenarios_for_test.h"

namespace gnomon::analysis {
namespace {

// The limit as the verdict names it: processors by client and server.
std::string named(const Scenario& scenario) {
  const bool down = scenario.direction == schema::Direction::kDown;
  if (scenario.limit == "sender_cpu") return down ? "server_cpu" : "client_cpu";
  if (scenario.limit == "receiver_cpu") return down ? "client_cpu" : "server_cpu";
  return scenario.limit;
}

struct Tally {
  std::map<std::string, std::map<std::string, int>> table;  // truth, verdict
  int scenarios = 0, right = 0, wrong = 0, surely_wrong = 0;
  std::string worst;

  void add(std::uint64_t number, const std::string& truth, const TransferLimit& limit) {
    const std::string verdict(to_string(limit.limit));
    ++scenarios, ++table[truth][verdict];
    if (verdict == truth) {
      ++right;
    } else if (limit.limit != Limit::kUnsure) {
      ++wrong;
      surely_wrong += limit.confidence >= 0.8 ? 1 : 0;
    }
    if (verdict == truth) return;
    worst +=
        std::to_string(number) + ": " + truth + " taken for " + verdict + " (" + std::to_string(limit.confidence) + ")";
    for (const Evidence& each : limit.evidence) worst += " " + each.name + "=" + std::to_string(each.value);
    worst += "\n";
  }
  void print() const {
    for (const auto& [truth, verdicts] : table) {
      std::printf("%-18s", truth.c_str());
      for (const auto& [verdict, count] : verdicts) std::printf("  %s %d", verdict.c_str(), count);
      std::printf("\n");
    }
    std::printf("%d scenarios: %d right, %d unsure, %d wrong (%d of them with a confidence of 0.8 or more)\n",
                scenarios, right, scenarios - right - wrong, wrong, surely_wrong);
    std::printf("%s", worst.c_str());
  }
};

TEST(TransferLimit, IsRightOnScenariosOfKnownLimit) {
  Tally tally;
  // Other seeds than those of the test: GNOMON_FIRST=5000.
  const std::uint64_t first = std::getenv("GNOMON_FIRST") ? std::strtoull(std::getenv("GNOMON_FIRST"), nullptr, 10) : 0;
  for (std::uint64_t number = first; number < first + 200; ++number) {
    const Scenario each = scenario(number);
    schema::Transfer transfer = simulate(each.scene);
    transfer.direction = each.direction;
    tally.add(number, named(each), transfer_limit(transfer));
  }
  tally.print();
  EXPECT_GE(tally.right, 190) << tally.worst;
  EXPECT_EQ(tally.surely_wrong, 0) << tally.worst;
}

// Of scenario 0, a link, with something taken away or added.
schema::Transfer a_link() {
  return simulate(scenario(0).scene);
}

TEST(TransferLimit, TheNetworkIsTheRadioOnlyWhenItsStateSaysSo) {
  schema::Transfer transfer = a_link();
  const TransferLimit plain = transfer_limit(transfer);
  ASSERT_EQ(plain.limit, Limit::kNetworkRate);
  ASSERT_TRUE(plain.queue_delay && plain.queue);
  const auto limit_over = [&](const schema::RadioState& radio) {
    transfer.radio = radio;
    return transfer_limit(transfer).limit;
  };
  EXPECT_EQ(limit_over({true, -50, 100e9}), Limit::kNetworkRate);
  EXPECT_EQ(limit_over({true, -82, std::nullopt}), Limit::kRadio);
  EXPECT_EQ(limit_over({false, -118, std::nullopt}), Limit::kRadio);
  const double rate = 8 * transfer_facts(transfer.samples)->rate;
  EXPECT_EQ(limit_over({true, -50, 1.6 * rate}), Limit::kRadio);
}

TEST(TransferLimit, APaceThatIsReachedIsTheSenders) {
  schema::Transfer transfer = a_link();
  const double rate = 8 * transfer_facts(transfer.samples)->rate;
  transfer.paced_by_sender = true;
  transfer.pace_bps = 1.03 * rate;
  EXPECT_EQ(transfer_limit(transfer).limit, Limit::kSenderApplication);
  transfer.pace_bps = 2 * rate;
  EXPECT_EQ(transfer_limit(transfer).limit, Limit::kNetworkRate);
}

TEST(TransferLimit, IsUnsureWhenItCannotKnow) {
  schema::Transfer transfer = a_link();
  for (auto& sample : transfer.samples) sample.tcp.reset();
  EXPECT_EQ(transfer_limit(transfer).limit, Limit::kUnsure);
  EXPECT_EQ(transfer_limit(transfer).sentence.en, "Not known: the sender's kernel could not be asked.");
  transfer.samples.resize(20);
  EXPECT_EQ(transfer_limit(transfer).sentence.en, "Not known: the transfer was too short to tell.");
  EXPECT_EQ(transfer_limit({}).limit, Limit::kUnsure);
}

TEST(TransferLimit, NamesTheEndWhoseProcessorItWas) {
  Scene scene;
  scene.link = 125e6, scene.sender.bytes_per_second = 30e6;
  schema::Transfer transfer = simulate(scene);
  EXPECT_EQ(transfer_limit(transfer).limit, Limit::kServerCpu);
  transfer.direction = schema::Direction::kUp;
  EXPECT_EQ(transfer_limit(transfer).limit, Limit::kClientCpu);
  EXPECT_TRUE(transfer_limit(transfer).sentence.en.starts_with("The client: its processor is busy all the time"));
}

TEST(TransferLimit, AWindowSaysHowLargeItWouldHaveToBe) {
  Scene scene;
  scene.link = 125e6, scene.rtt = 0.04, scene.receive_buffer = 500e3;
  const TransferLimit limit = transfer_limit(simulate(scene));
  ASSERT_EQ(limit.limit, Limit::kReceiveWindow);
  EXPECT_NEAR(static_cast<double>(limit.window->value), 500e3, 50e3);
  EXPECT_NEAR(static_cast<double>(limit.window_for_gigabit->value), 5e6, 0.1e6);
}

TEST(TransferLimit, EveryVerdictHasAWordOfItsOwn) {
  std::map<std::string, int> words;
  for (std::size_t i = 0; i < kLimits; ++i) ++words[std::string(to_string(static_cast<Limit>(i)))];
  EXPECT_EQ(words.size(), kLimits);
}

// The kernel's count while BBR paces, as seen at 64 KiB over 20 and 40 ms: 31 to 38 % of the time.
TEST(TransferLimit, AWindowIsSeenThoughTheSenderPaces) {
  Scene scene;
  scene.rtt = 0.04, scene.link = 62.5e6, scene.receive_buffer = 64e3, scene.control = Control::kBbr;
  const auto judged = [&](double counted, std::uint64_t retransmitted) {
    auto transfer = simulate(scene);
    for (auto& sample : transfer.samples) {
      sample.tcp->window_limited =
          Nanoseconds(static_cast<std::int64_t>(counted * static_cast<double>(sample.at.count())));
      sample.tcp->retransmitted_segments = sample.at > std::chrono::seconds(5) ? retransmitted : 0;
    }
    return transfer_limit(transfer).limit;
  };
  EXPECT_EQ(judged(0.33, 0), Limit::kReceiveWindow);
  EXPECT_EQ(judged(0.33, 40), Limit::kUnsure);  // losses could hold it as well
  EXPECT_NE(judged(0.1, 0), Limit::kReceiveWindow);
}

TEST(TransferLimit, AProxyBetweenHidesTheWayBehindIt) {
  auto transfer = simulate(Scene{});
  for (auto& sample : transfer.samples) sample.tcp->acked_bytes = 3 * sample.received_bytes;
  const auto limit = transfer_limit(transfer);
  EXPECT_EQ(limit.limit, Limit::kUnsure);
  EXPECT_NE(limit.sentence.en.find("a proxy between"), std::string::npos) << limit.sentence.en;
}

}  // namespace
}  // namespace gnomon::analysis
