#pragma once

// What reaches a fleet's worker thread from the others. push() from any thread, take() from the worker only.
//
// Bounded: beyond kWindowLimit waiting windows (the worker is stuck on a disk, say) further ones are counted and lost;
// the other events, results among them, are few by nature.

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <variant>
#include <vector>

#include "core/clock.h"
#include "probe/batch_maker.h"
#include "probe/resolver.h"
#include "probe/uplink.h"

namespace gnomon::probe {

class PathSink;

struct WindowArrived {
  std::size_t probe = 0;
  Row row;
};
// A test of the access network has ended.
struct ResultArrived {
  std::size_t probe = 0;
  schema::AccessResult result;
};
struct PathEnded {
  std::size_t probe = 0;
  const PathSink* sink = nullptr;
};
using InboxEvent = std::variant<WindowArrived, ResultArrived, PathEnded, Resolution, ParcelAnswer>;

class Inbox {
 public:
  static constexpr std::size_t kWindowLimit = 100'000;

  void push(InboxEvent event);
  // Wakes take() without an event.
  void nudge();
  // Waits until something has arrived, a nudge, or the time is reached.
  std::vector<InboxEvent> take(const Clock& clock, MonotonicTime until);
  // Windows lost to the bound since the last call.
  std::uint64_t take_lost();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<InboxEvent> events_;  // guarded by mutex_
  std::uint64_t lost_ = 0;          // guarded by mutex_
  bool nudged_ = false;             // guarded by mutex_
};

}  // namespace gnomon::probe
