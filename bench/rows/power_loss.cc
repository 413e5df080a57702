// links: simulation
// The power is cut before every operation of a scripted run of journal and ledger, and what is left is opened again.

#include <cstdio>

#include "bench/row.h"
#include "tests/simulation/power_loss.h"

namespace gnomon::bench {

namespace {

Result<Figures> run(const RunOptions& options) {
  simulation::PowerLossOptions script;
  script.batches = static_cast<std::size_t>(options.setting("batches"));
  script.variants = static_cast<std::uint64_t>(options.setting("variants"));
  const auto report = simulation::power_loss(script);
  if (!report) return tl::unexpected(report.error());
  for (const std::string& fault : report->faults) fmt::print(stderr, "{}\n", fault);
  const auto count = [](std::uint64_t n) { return static_cast<double>(n); };
  return Figures{{"crash points", count(report->operations), ""},
                 {"disks opened again", count(report->images), ""},
                 {"of them after a second loss, in the recovery", count(report->nested), ""},
                 {"torn bytes cut", count(report->bytes_cut), "bytes"},
                 {"faults", count(report->fault_count), "", at_most(0)}};
}

}  // namespace

Row power_loss() {
  return {.name = "power-loss",
          .summary = "power cut before every disk operation of a scripted run: what was promised and is not there",
          .target = "every crash point of a scripted run is opened again correctly",
          .settings = {{"batches", 330, "in the script"},
                       {"variants", 3, "disks of each kind of loss that depends on chance, for each crash point"}},
          .run = run};
}

}  // namespace gnomon::bench
