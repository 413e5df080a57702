#include "server/login_limiter.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace gnomon::server {

namespace {

std::string group_of(std::string_view address) {
  in6_addr parsed{};
  if (inet_pton(AF_INET6, std::string(address).c_str(), &parsed) != 1) return std::string(address);
  std::memset(parsed.s6_addr + 8, 0, 8);
  char text[INET6_ADDRSTRLEN] = {};
  inet_ntop(AF_INET6, &parsed, text, sizeof text);
  return text;
}

}  // namespace

std::array<LoginLimiter::Key, 3> LoginLimiter::keys(std::string_view address, std::string_view user) const {
  const std::string group = group_of(address);
  const std::string name(user.substr(0, 64));
  return {Key{"b " + group + " " + name, limits_.per_address_and_user}, Key{"a " + group, limits_.per_address},
          Key{"u " + name, limits_.per_user}};
}

std::optional<std::chrono::seconds> LoginLimiter::wait(std::string_view address, std::string_view user) {
  const std::lock_guard lock(mutex_);
  const MonotonicTime now = clock_.now();
  Nanoseconds longest{};
  for (const Key& key : keys(address, user)) {
    const auto found = failures_.find(key.text);
    if (found == failures_.end()) continue;
    auto& times = found->second;
    while (!times.empty() && now - times.front() >= limits_.window) times.pop_front();
    if (times.size() >= key.limit) longest = std::max(longest, limits_.window - (now - times.front()));
  }
  if (longest == Nanoseconds{}) return std::nullopt;
  return std::chrono::ceil<std::chrono::seconds>(longest);
}

void LoginLimiter::failed(std::string_view address, std::string_view user) {
  const std::lock_guard lock(mutex_);
  for (const Key& key : keys(address, user)) {
    if (!failures_.contains(key.text) && failures_.size() >= limits_.entries) {
      failures_.erase(std::min_element(failures_.begin(), failures_.end(), [](const auto& a, const auto& b) {
        return a.second.empty() || (!b.second.empty() && a.second.back() < b.second.back());
      }));
    }
    auto& times = failures_[key.text];
    times.push_back(clock_.now());
    if (times.size() > key.limit) times.pop_front();
  }
}

void LoginLimiter::succeeded(std::string_view address, std::string_view user) {
  const std::lock_guard lock(mutex_);
  failures_.erase(keys(address, user)[0].text);
}

}  // namespace gnomon::server
