#pragma once

// Many changes at once become one: gathers what belongs together and says when to publish it. No I/O, no lock, no clock
// of its own. Not thread-safe.
//
// A fold opens with its first item, stays open while the next comes within kGap, and closes after kLongest at the
// latest. It wants to be published kSettle after it changed.

#include <cstdint>
#include <map>
#include <optional>

#include "core/clock.h"

namespace gnomon::server {

template <typename Key, typename Item>
class ChangeFold {
 public:
  static constexpr Nanoseconds kGap = std::chrono::seconds(15);
  static constexpr Nanoseconds kLongest = std::chrono::seconds(60);
  static constexpr Nanoseconds kSettle = std::chrono::seconds(1);

  // True when what was gathered is over: publish(), then close() before add().
  [[nodiscard]] bool is_over(MonotonicTime now) const {
    return !items_.empty() && (now - last_ > kGap || now - first_ > kLongest);
  }
  [[nodiscard]] bool is_due(MonotonicTime now) const { return dirty_ && now - changed_ >= kSettle; }
  [[nodiscard]] bool is_dirty() const { return dirty_; }

  void add(const Key& key, Item item, MonotonicTime now) {
    if (items_.empty()) first_ = now;
    // Settling counts from the first unpublished item, so that a steady trickle is published too.
    if (!dirty_) changed_ = now;
    items_.insert_or_assign(key, std::move(item));
    last_ = now;
    dirty_ = true;
  }
  void close() { *this = ChangeFold(); }

  [[nodiscard]] const std::map<Key, Item>& items() const { return items_; }
  // 0 until first published.
  [[nodiscard]] std::uint64_t id() const { return id_; }
  void published_as(std::uint64_t id) {
    id_ = id;
    dirty_ = false;
  }

 private:
  std::map<Key, Item> items_;
  MonotonicTime first_, last_, changed_;
  bool dirty_ = false;
  std::uint64_t id_ = 0;
};

}  // namespace gnomon::server
