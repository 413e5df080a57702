// links: simulation
// The deterministic simulator: how much virtual time a minute of this machine runs, and how many seeds break a promise.

#include <cstdio>

#include "bench/row.h"
#include "tests/simulation/soak.h"

namespace gnomon::bench {

namespace {

Result<Figures> run_one(std::uint64_t seed, const RunOptions& options) {
  const auto outcome = simulation::run_seed(seed, options.scratch, options.setting("trace") != 0);
  if (!outcome.violation.empty()) fmt::print(stderr, "[{}] {}\n", outcome.invariant, outcome.violation);
  return Figures{{"seeds that violate an invariant", outcome.violation.empty() ? 0.0 : 1.0, "", at_most(0)},
                 {"simulated", std::chrono::duration<double>(outcome.simulated).count() / 3600, "hours"},
                 {"events", static_cast<double>(outcome.events), ""}};
}

Result<Figures> run(const RunOptions& options) {
  const auto seed = static_cast<std::uint64_t>(options.setting("seed"));
  if (seed != 0) return run_one(seed, options);
  simulation::SoakOptions soak;
  soak.seeds = static_cast<std::uint64_t>(options.setting("seeds"));
  soak.first = static_cast<std::uint64_t>(options.setting("first"));
  soak.seconds = options.seconds.value_or(0);
  const auto report = simulation::soak(soak);
  if (!report) return tl::unexpected(report.error());
  for (const auto& violation : report->violations) {
    fmt::print(stderr, "seed {}: [{}] {}\n  replay: gnomon-bench simulate --set seed={} --set trace=1\n",
               violation.seed, violation.invariant, violation.text, violation.seed);
  }
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  return Figures{
      {"seeds run", count(report->seeds), ""},
      {"seeds that violate an invariant", count(report->violations.size()), "", at_most(0)},
      {"simulated time", report->simulated_hours / report->machine_seconds * 60, "hours/minute", at_least(1'000)},
      {"simulated time in all", report->simulated_hours, "hours"},
      {"crashes of either end", count(report->crashes), ""},
      {"batches journalled", count(report->batches), ""},
      {"windows in the tables", count(report->windows), ""},
      {"checkpoints seen and compared", count(report->checkpoints), ""},
      {"dropped ranges reported", count(report->ranges), ""},
  };
}

}  // namespace

Row simulate() {
  return {.name = "simulate",
          .summary = "simulated runs of probes, network, server and disks that fail: promises broken, hours a minute",
          .target = "100,000 seeds without a violated invariant; at least 1,000 simulated hours a minute",
          .settings = {{"seeds", 2'000, "how many seeds; 100,000 is the whole"},
                       {"first", 1, "the first of them"},
                       {"seed", 0, "that one alone"},
                       {"trace", 0, "1: tells every event of it"}},
          .run = run};
}

}  // namespace gnomon::bench
