#pragma once

// Slows guessing of passwords: counts failures per address, per user, and per both, over the last 15 minutes. The limit
// per user is high, so that a stranger cannot lock a user out from elsewhere by a few wrong guesses. Bounded memory:
// the oldest entry gives way.
//
// Thread-safe.

#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace gnomon::server {

struct LoginLimits {
  Nanoseconds window = std::chrono::minutes(15);
  std::size_t per_address_and_user = 5;
  std::size_t per_address = 20;  // an IPv6 address counts with its /64
  std::size_t per_user = 100;
  std::size_t entries = 4096;
};

class LoginLimiter {
 public:
  explicit LoginLimiter(const Clock& clock, LoginLimits limits = {}) : clock_(clock), limits_(limits) {}

  // Nothing when a try is allowed, else how long to wait.
  std::optional<std::chrono::seconds> wait(std::string_view address, std::string_view user);
  void failed(std::string_view address, std::string_view user);
  // A right password forgets the failures of this user from this address.
  void succeeded(std::string_view address, std::string_view user);

 private:
  struct Key {
    std::string text;
    std::size_t limit;
  };
  [[nodiscard]] std::array<Key, 3> keys(std::string_view address, std::string_view user) const;
  const Clock& clock_;
  const LoginLimits limits_;
  std::mutex mutex_;
  std::map<std::string, std::deque<MonotonicTime>, std::less<>> failures_;
};

}  // namespace gnomon::server
