// The error of round-trip delays beside a capture; the work is in bench/rtt_accuracy.py.

#include "bench/row.h"
#include "bench/script.h"

namespace gnomon::bench {

namespace {

Result<Figures> run(const RunOptions& options) {
  const auto packets = static_cast<int>(options.setting("packets"));
  return run_script(options, {"python3", "bench/rtt_accuracy.py", "--figures", "--packets", std::to_string(packets),
                              "--gnomon", (options.programs / "gnomon").string()});
}

}  // namespace

Row rtt() {
  return {.name = "rtt",
          .summary = "error of round-trip delays beside a capture: gnomon, ping, fping, irtt",
          .target = "gnomon: every true delay inside the stated bound",
          .settings = {{"packets", 1'000, "of each tool"}},
          .run = &run};
}

}  // namespace gnomon::bench
