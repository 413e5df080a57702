#include "analysis/transfer_limit.h"

#include <gtest/gtest.h>

#include <cstdio>
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
    if (std::getenv("SHOW")) {
      std::printf("SHOW %s %s", truth.c_str(), verdict.c_str());
      for (const Evidence& each : limit.evidence) std::printf(" %s=%.3f", each.name.c_str(), each.value);
      std::printf("\n");
    }
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
  }
};

TEST(TransferLimit, IsRightOnScenariosOfKnownLimit) {
  Tally tally;
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

}  // namespace
}  // namespace gnomon::analysis
