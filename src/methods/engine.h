#pragma once

// The packet engine: one thread, epoll and a timer queue for all paths of all methods, in any number of namespaces.
//
// add, remove and counters may be called from any thread. The sinks' calls come from the engine's thread and must be
// short. The engine owns its sockets; a sink must live until on_end, or until the engine is destroyed, which ends every
// path at once (packets not yet decided are then taken out of the last window).

#include <cstdint>
#include <memory>
#include <span>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "methods/method.h"

namespace gnomon::methods {

class Method;

struct EngineCounters {
  std::uint64_t packets_sent = 0;
  std::uint64_t packets_late = 0;     // left later than planned by more than a tenth of their interval
  std::uint64_t packets_skipped = 0;  // not sent, because the engine was behind by more than an interval
  std::uint64_t strays = 0;           // answers of no path, and those counted in windows
  std::uint64_t sends_failed = 0;
  std::uint64_t clock_steps = 0;  // times the wall clock was found to have jumped
  Nanoseconds clock_stepped{};    // sum of those jumps
};

class Engine {
 public:
  // `methods` (see methods/registry/registry.h) must outlive the engine.
  static Result<std::unique_ptr<Engine>> start(std::span<const Method* const> methods, Random& random);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Opens what the path needs before it returns: an error says why nothing can be sent (kPermission, kUnsupported,
  // kInvalidArgument). A missing route is no error but an outcome of the windows. `sink` is not owned.
  Result<PathHandle> add(DelaySpec spec, DelaySink& sink);

  // Stops sending at once; answers to packets under way are awaited for at most `patience` (never more than the path's
  // time-out), then the last window and on_end follow. Packets then still undecided are taken out of the window.
  void remove(PathHandle path, Nanoseconds patience = std::chrono::seconds(60));

  [[nodiscard]] EngineCounters counters() const;

 private:
  class Loop;
  explicit Engine(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace gnomon::methods
