#include "server/storage_cache.h"

#include <algorithm>

namespace gnomon::server {

std::optional<store::StorageUse> StorageCache::get() {
  const std::lock_guard lock(mutex_);
  const MonotonicTime begun = clock_.now();
  if (fresh_until_ && begun < *fresh_until_) return use_;
  if (auto use = store_.storage()) use_ = *use;
  const MonotonicTime done = clock_.now();
  fresh_until_ = done + std::max(kFresh, kRest * (done - begun));
  return use_;
}

void StorageCache::forget() {
  const std::lock_guard lock(mutex_);
  fresh_until_.reset();
}

std::string_view to_string(store::Level level) {
  switch (level) {
    case store::Level::kRaw:
      return "raw";
    case store::Level::kMinute:
      return "1m";
    case store::Level::kHour:
      return "1h";
    case store::Level::kDay:
      return "1d";
  }
  return "raw";
}

std::optional<store::Level> parse_level(std::string_view word) {
  for (const auto level : {store::Level::kRaw, store::Level::kMinute, store::Level::kHour, store::Level::kDay}) {
    if (word == to_string(level)) return level;
  }
  return std::nullopt;
}

}  // namespace gnomon::server
