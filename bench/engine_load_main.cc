// links: methods_registry
// What the packet engine costs, and how punctual it is: many paths over loopback, no collector, no disk.
//
//   engine_load [--method echo|stamp] [--paths 100] [--interval-us 100000] [--seconds 20]
//
// Prints packets sent, how many left late (by more than a tenth of the interval) or were skipped, losses, the processor
// time of the whole process as a share of one core (for stamp, its reflector included), and the resident memory.

#include <sys/resource.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include "methods/engine.h"
#include "methods/registry/registry.h"
#include "methods/stamp/reflector.h"

namespace {

using namespace gnomon;

struct Options {
  std::string method = "echo";
  int paths = 100;
  int interval_us = 100'000;
  int seconds = 20;
};

Options read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--method") options.method = argv[i + 1];
    if (name == "--paths") options.paths = std::atoi(argv[i + 1]);
    if (name == "--interval-us") options.interval_us = std::atoi(argv[i + 1]);
    if (name == "--seconds") options.seconds = std::atoi(argv[i + 1]);
  }
  return options;
}

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

double processor_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long resident_kib() {
  std::FILE* status = std::fopen("/proc/self/status", "r");
  long kib = 0;
  for (std::array<char, 256> line{}; status != nullptr && std::fgets(line.data(), line.size(), status) != nullptr;) {
    if (std::strncmp(line.data(), "VmRSS:", 6) == 0) kib = std::atol(line.data() + 6);
  }
  if (status != nullptr) std::fclose(status);
  return kib;
}

int fail(const Error& error) {
  std::fprintf(stderr, "engine_load: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  SystemRandom random;
  Totals totals;
  auto reflector = methods::stamp::Reflector::start({});
  if (!reflector) return fail(reflector.error());
  const auto port = (*reflector)->add({net::Address::any(Family::kIpv4), Port{0}}, net::host_space());
  if (!port) return fail(port.error());
  auto engine = methods::Engine::start(methods::all_methods(), random);
  if (!engine) return fail(engine.error());
  for (int i = 0; i < options.paths; ++i) {
    methods::DelaySpec spec;
    spec.method = options.method;
    const auto host = static_cast<unsigned>(i + 1);
    spec.target = {net::Address::v4({std::byte{127}, std::byte{1}, static_cast<std::byte>(host >> 8),
                                     static_cast<std::byte>(host & 0xff)}),
                   port->port};
    spec.interval = std::chrono::microseconds(options.interval_us);
    spec.phase = spec.interval * i / options.paths;
    if (const auto path = (*engine)->add(spec, totals); !path) return fail(path.error());
  }
  const double before = processor_seconds();
  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  const double used = processor_seconds() - before;
  const auto counters = (*engine)->counters();
  const long resident = resident_kib();
  engine->reset();
  const double sent = static_cast<double>(counters.packets_sent);
  std::printf(
      "%s: %d paths every %d us for %d s: %.0f sent, %.3f %% late, %.3f %% skipped, %llu lost, %llu windows; "
      "%.2f %% of a core, %.1f us a packet, %.1f MiB resident\n",
      options.method.c_str(), options.paths, options.interval_us, options.seconds, sent,
      100.0 * static_cast<double>(counters.packets_late) / sent,
      100.0 * static_cast<double>(counters.packets_skipped) / sent, static_cast<unsigned long long>(totals.lost),
      static_cast<unsigned long long>(totals.windows), 100.0 * used / options.seconds, 1e6 * used / sent,
      static_cast<double>(resident) / 1024);
  return 0;
}
