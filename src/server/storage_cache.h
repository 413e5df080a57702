#pragma once

// The store's disk use, asked for at most every few seconds however often it is shown, and seldom enough that asking
// takes at most a fiftieth of the time: large tables take longer to look through. Thread-safe.

#include <mutex>
#include <optional>

#include "core/clock.h"
#include "store/store.h"

namespace gnomon::server {

class StorageCache {
 public:
  StorageCache(const Clock& clock, store::Store& store) : clock_(clock), store_(store) {}
  // The last known use when the store does not answer; nothing when it never did.
  std::optional<store::StorageUse> get();
  // The next get() asks again.
  void forget();

 private:
  static constexpr Nanoseconds kFresh = std::chrono::seconds(3);
  static constexpr int kRest = 50;  // times as long as asking took
  const Clock& clock_;
  store::Store& store_;
  std::mutex mutex_;
  std::optional<store::StorageUse> use_;
  std::optional<MonotonicTime> fresh_until_;
};

std::string_view to_string(store::Level level);
std::optional<store::Level> parse_level(std::string_view word);

}  // namespace gnomon::server
