// simulate                                 the first thousand seeds
// simulate --seeds N [--first N] [--seconds S] [--processes N]
// simulate --seed N [--trace]              one seed, event by event
//
// Ends with 0 when every invariant held, 1 when one was violated, 2 for wrong words, 3 when it could not run.

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "simulation/soak.h"

namespace {

using namespace gnomon;
using namespace gnomon::simulation;

int replay(std::uint64_t seed, bool trace) {
  std::string scratch = (std::filesystem::temp_directory_path() / "gnomon-simulation-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) return 3;
  const Outcome outcome = run_seed(seed, scratch, trace);
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  std::printf("seed %llu, fingerprint %016llx: %s\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(outcome.fingerprint),
              outcome.violation.empty() ? "every invariant held"
                                        : fmt::format("[{}] {}", outcome.invariant, outcome.violation).c_str());
  return outcome.violation.empty() ? 0 : 1;
}

int run_many(const SoakOptions& options) {
  const auto report = soak(options);
  if (!report) {
    std::fprintf(stderr, "simulate: %s\n", report.error().message().c_str());
    return 3;
  }
  fmt::print("{} seeds, {:.0f} simulated hours in {:.1f} s: {:.0f} hours a minute\n", report->seeds,
             report->simulated_hours, report->machine_seconds, report->simulated_hours / report->machine_seconds * 60);
  fmt::print("{} crashes, {} batches with {} windows, {} checkpoints, {} dropped ranges reported, {} events\n",
             report->crashes, report->batches, report->windows, report->checkpoints, report->ranges, report->events);
  fmt::print("{} seeds violate an invariant\n", report->violations.size());
  for (const Violation& violation : report->violations) {
    fmt::print("  seed {}: [{}] {}\n    replay: simulate --seed {} --trace\n", violation.seed, violation.invariant,
               violation.text, violation.seed);
  }
  return report->violations.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  SoakOptions options;
  options.seeds = 1000;
  std::uint64_t seed = 0;
  bool trace = false;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (word == "--seed") {
      seed = number();
    } else if (word == "--trace") {
      trace = true;
    } else if (word == "--seeds") {
      options.seeds = number();
    } else if (word == "--first") {
      options.first = number();
    } else if (word == "--seconds") {
      options.seconds = static_cast<double>(number());
    } else if (word == "--processes") {
      options.processes = static_cast<int>(number());
    } else if (word == "--stop-after") {
      options.stop_after_violations = number();
    } else {
      std::fprintf(stderr, "simulate: unknown option %s; see the top of simulate_main.cc\n", word.c_str());
      return 2;
    }
  }
  return seed != 0 ? replay(seed, trace) : run_many(options);
}
