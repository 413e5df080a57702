// The first page of the dashboard and its live updates in Chromium; the work is in tests/e2e/cost.mjs, which needs
// `npm ci` in tests/e2e.

#include "bench/row.h"
#include "bench/script.h"

namespace gnomon::bench {

namespace {

Result<Figures> run(const RunOptions& options) {
  const auto seconds = static_cast<int>(options.seconds.value_or(30));
  return run_script(options, {"node", "tests/e2e/cost.mjs", std::to_string(seconds)});
}

}  // namespace

Row dashboard() {
  return {.name = "dashboard",
          .summary = "first page and live updates in Chromium, 420 paths on screen",
          .target = "script <= 150 kB, first figures <= 1 s, a live update <= 5 ms of main thread",
          .settings = {},
          .run = &run};
}

}  // namespace gnomon::bench
