// links: methods_registry
// What the packet engine costs, and how punctual it is: many paths over loopback, no collector, no disk. The processor
// time is of the whole process; for stamp it includes the reflector.

#include <atomic>
#include <thread>

#include <unistd.h>

#include "bench/resources.h"
#include "bench/row.h"
#include "methods/engine.h"
#include "methods/registry/registry.h"
#include "methods/stamp/reflector.h"

namespace gnomon::bench {

namespace {

// Sums the windows' counts.
class Totals final : public methods::DelaySink {
 public:
  void on_window(methods::PathHandle, schema::DelayWindow window) override {
    ++windows;
    received += window.received;
    lost += window.lost;
  }
  std::atomic<std::uint64_t> windows = 0, received = 0, lost = 0;
};

methods::DelaySpec path_spec(const std::string& method, int i, int paths, Nanoseconds interval, Port port) {
  methods::DelaySpec spec;
  spec.method = method;
  const auto host = static_cast<unsigned>(i + 1);
  spec.target = {net::Address::v4({std::byte{127}, std::byte{1}, static_cast<std::byte>(host >> 8),
                                   static_cast<std::byte>(host & 0xff)}),
                 port};
  spec.interval = interval;
  spec.phase = spec.interval * i / paths;
  return spec;
}

Result<Figures> measure(const std::string& method, const RunOptions& options) {
  const int paths = static_cast<int>(options.setting("paths"));
  const Nanoseconds interval(static_cast<std::int64_t>(options.setting("interval_us") * 1e3));
  const double seconds = options.seconds.value_or(10);
  SystemRandom random;
  Totals totals;
  auto reflector = methods::stamp::Reflector::start({});
  if (!reflector) return tl::unexpected(reflector.error());
  const auto port = (*reflector)->add({net::Address::any(Family::kIpv4), Port{0}}, net::host_space());
  if (!port) return tl::unexpected(port.error());
  auto engine = methods::Engine::start(methods::all_methods(), random);
  if (!engine) return tl::unexpected(engine.error());
  for (int i = 0; i < paths; ++i) {
    const auto path = (*engine)->add(path_spec(method, i, paths, interval, port->port), totals);
    if (!path) return tl::unexpected(path.error());
  }
  const double before = cpu_seconds();
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  const double used = cpu_seconds() - before;
  const auto counters = (*engine)->counters();
  const Memory resident = memory(::getpid());
  engine->reset();
  const auto sent = static_cast<double>(counters.packets_sent);
  return Figures{
      {method + ": packets sent", sent, "packets"},
      {method + ": left late by a tenth of the interval", 100.0 * static_cast<double>(counters.packets_late) / sent,
       "%"},
      {method + ": skipped", 100.0 * static_cast<double>(counters.packets_skipped) / sent, "%"},
      {method + ": lost", static_cast<double>(totals.lost), "packets"},
      {method + ": processor", 100.0 * used / seconds, "% of a core"},
      {method + ": processor a packet", 1e6 * used / sent, "us"},
      {method + ": resident", static_cast<double>(resident.resident) / (1 << 20), "MiB"},
  };
}

Result<Figures> run(const RunOptions& options) {
  Figures figures;
  for (const char* method : {"echo", "stamp"}) {
    auto more = measure(method, options);
    if (!more) return more;
    figures.insert(figures.end(), more->begin(), more->end());
  }
  return figures;
}

}  // namespace

Row engine() {
  return {.name = "engine",
          .summary = "the packet engine alone, over loopback: cost and punctuality of echo and stamp",
          .target = "",
          .settings = {{"paths", 100, "measured at once"}, {"interval_us", 100'000, "between packets of a path"}},
          .run = &run};
}

}  // namespace gnomon::bench
