// simulation_test                          some thousand histories, and the planted bugs
// simulation_test --seed=N [--bug=NAME]    one history, told event by event
// simulation_test --histories=N [--first=N]  as many histories as wanted

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "simulation/history.h"

namespace gnomon::simulation {
namespace {

std::uint64_t histories = 3000;
std::uint64_t first_seed = 1;

const std::map<std::string, Bugs>& bugs() {
  using probe::Mutant;
  static const std::map<std::string, Bugs> all{
      {"send-before-stored", {Mutant::kSendBeforeStored, false}},
      {"forget-on-send", {Mutant::kForgetOnSend, false}},
      {"drop-uncounted", {Mutant::kDropUncounted, false}},
      {"trust-any-ack", {Mutant::kTrustAnyAck, false}},
      {"reuse-number", {Mutant::kReuseNumber, false}},
      {"acknowledge-before-commit", {Mutant::kNone, true}},
  };
  return all;
}

TEST(Simulation, NothingIsLostDoubledOrUnexplained) {
  std::size_t applied = 0;
  std::size_t reported = 0;
  std::size_t crashes = 0;
  std::size_t full = 0;
  for (std::uint64_t seed = first_seed; seed < first_seed + histories; ++seed) {
    const Outcome outcome = run_history(seed);
    ASSERT_EQ(outcome.violation, "") << "replay: simulation_test --seed=" << seed;
    applied += outcome.batches_applied;
    reported += outcome.ranges_reported;
    crashes += outcome.probe_crashes + outcome.server_crashes;
    full += outcome.disk_full;
  }
  std::printf("%zu histories: %zu batches applied, %zu dropped ranges reported, %zu crashes, %zu times a full disk\n",
              static_cast<std::size_t>(histories), applied, reported, crashes, full);
  // The histories are rich enough to mean something.
  EXPECT_GT(applied, 50 * histories);
  EXPECT_GT(reported, histories);
  EXPECT_GT(crashes, 5 * histories);
  EXPECT_GT(full, histories);
}

TEST(Simulation, OneSeedIsOneHistory) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(run_history(seed).fingerprint, run_history(seed).fingerprint);
    EXPECT_NE(run_history(seed).fingerprint, run_history(seed + 1).fingerprint);
  }
}

class PlantedBug : public testing::TestWithParam<std::string> {};

TEST_P(PlantedBug, IsFound) {
  constexpr std::uint64_t kPatience = 1000;
  for (std::uint64_t seed = 1; seed <= kPatience; ++seed) {
    const Outcome outcome = run_history(seed, bugs().at(GetParam()));
    if (outcome.violation.empty()) continue;
    std::printf("%s: seed %zu: %s\n", GetParam().c_str(), static_cast<std::size_t>(seed), outcome.violation.c_str());
    return;
  }
  FAIL() << "not found in " << kPatience << " histories";
}

INSTANTIATE_TEST_SUITE_P(Simulation, PlantedBug,
                         testing::Values("send-before-stored", "forget-on-send", "drop-uncounted", "trust-any-ack",
                                         "reuse-number", "acknowledge-before-commit"),
                         [](const auto& param) {
                           std::string name = param.param;
                           std::erase(name, '-');
                           return name;
                         });

int replay(std::uint64_t seed, const std::string& bug) {
  const Outcome outcome = run_history(seed, bug.empty() ? Bugs{} : bugs().at(bug), true);
  std::printf("%s\n", outcome.violation.empty() ? "all held" : outcome.violation.c_str());
  return outcome.violation.empty() ? 0 : 1;
}

}  // namespace
}  // namespace gnomon::simulation

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  std::uint64_t seed = 0;
  std::string bug;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const std::size_t split = word.find('=');
    const std::string value = split == std::string::npos ? "" : word.substr(split + 1);
    if (word.starts_with("--seed=")) seed = std::strtoull(value.c_str(), nullptr, 10);
    if (word.starts_with("--histories=")) gnomon::simulation::histories = std::strtoull(value.c_str(), nullptr, 10);
    if (word.starts_with("--first=")) gnomon::simulation::first_seed = std::strtoull(value.c_str(), nullptr, 10);
    if (word.starts_with("--bug=")) bug = value;
  }
  if (seed != 0) return gnomon::simulation::replay(seed, bug);
  return RUN_ALL_TESTS();
}
