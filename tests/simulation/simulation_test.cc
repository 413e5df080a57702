// The short forms of what `gnomon-bench simulate` and `gnomon-bench power-loss` run for long.

#include <gtest/gtest.h>

#include "server/temporary_folder_for_test.h"
#include "simulation/power_loss.h"
#include "simulation/soak.h"

namespace gnomon::simulation {
namespace {

TEST(Simulation, HoldsEveryInvariant) {
  const auto report = soak({.seeds = 200});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  EXPECT_EQ(report->seeds, 200U);
  for (const Violation& violation : report->violations) {
    ADD_FAILURE() << "[" << violation.invariant << "] " << violation.text << "\nreplay: build/release/simulate --seed "
                  << violation.seed << " --trace";
  }
  // The runs are rich enough to mean something.
  EXPECT_GT(report->crashes, 2 * report->seeds);
  EXPECT_GT(report->batches, 30 * report->seeds);
  EXPECT_GT(report->checkpoints, 10 * report->seeds);
  EXPECT_GT(report->ranges, report->seeds / 4);
}

// A batch could be read no more right after it had been stored again; notes from before were then written over those
// that said so, and after a power loss nothing explained its number.
TEST(Simulation, SeedsThatOnceFailedHold) {
  const server::TemporaryFolder scratch;
  for (const std::uint64_t seed : {2922, 3010, 3372, 3736, 4127, 5542}) {
    EXPECT_EQ(run_seed(seed, scratch.path()).violation, "") << "replay: build/release/simulate --seed " << seed;
  }
}

TEST(Simulation, OneSeedIsOneRun) {
  const server::TemporaryFolder scratch;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const auto first = run_seed(seed, scratch.path());
    EXPECT_EQ(first.fingerprint, run_seed(seed, scratch.path()).fingerprint);
    EXPECT_NE(first.fingerprint, run_seed(seed + 1, scratch.path()).fingerprint);
  }
}

TEST(PowerLoss, EveryCrashPointIsOpenedAgain) {
  const auto report = power_loss({.batches = 40, .variants = 1, .nested_every = 17});
  ASSERT_TRUE(report.has_value()) << report.error().message();
  for (const std::string& fault : report->faults) ADD_FAILURE() << fault;
  EXPECT_GT(report->operations, 100U);
  EXPECT_GT(report->images, 5 * report->operations - 5);
  EXPECT_GT(report->nested, 100U);
  EXPECT_GE(report->segments, 2U);
  EXPECT_GT(report->bytes_cut, 0U);
}

}  // namespace
}  // namespace gnomon::simulation
