#include "methods/engine.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "methods/engine_loop.h"

namespace gnomon::methods {

Result<std::unique_ptr<Engine>> Engine::start(std::span<const Method* const> methods, Random& random) {
  auto loop = Loop::start(methods, random);
  if (!loop) return tl::unexpected(loop.error());
  return std::unique_ptr<Engine>(new Engine(std::move(*loop)));
}

Engine::Engine(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Engine::~Engine() = default;

Result<PathHandle> Engine::add(DelaySpec spec, DelaySink& sink) {
  // The loop owns sockets and paths; the caller waits for its verdict.
  struct Verdict {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Result<PathHandle>> result;
  } verdict;
  loop_->post([&] {
    auto result = loop_->add(std::move(spec), sink);
    const std::lock_guard lock(verdict.mutex);
    verdict.result = std::move(result);
    verdict.ready.notify_one();
  });
  std::unique_lock lock(verdict.mutex);
  verdict.ready.wait(lock, [&] { return verdict.result.has_value(); });
  return std::move(*verdict.result);
}

void Engine::remove(PathHandle path, Nanoseconds patience) {
  loop_->post([this, path, patience] { loop_->remove(path, patience); });
}

EngineCounters Engine::counters() const {
  return loop_->counters();
}

}  // namespace gnomon::methods
