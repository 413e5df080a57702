#include "probe/resolver.h"

#include <algorithm>

#include "net/resolve.h"

namespace gnomon::probe {

Resolution Resolver::look_up(const std::string& host) {
  Resolution resolution;
  resolution.host = host;
  auto addresses = net::resolve(host, std::nullopt);
  if (addresses) {
    resolution.addresses = std::move(*addresses);
  } else {
    resolution.problem = addresses.error().reason;
    resolution.temporary = addresses.error().code == ErrorCode::kUnavailable;
  }
  return resolution;
}

Resolver::Resolver(Listener listener, LookUp lookup, Nanoseconds period, Nanoseconds retry)
    : listener_(std::move(listener)), look_up_(std::move(lookup)), period_(period), retry_(retry), thread_([this] {
        run();
      }) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Resolver::watch(const std::set<std::string>& hosts) {
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(due_, [&](const auto& entry) { return !hosts.contains(entry.first); });
    for (const std::string& host : hosts) due_.try_emplace(host, clock_.now());
  }
  changed_.notify_all();
}

void Resolver::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const auto next = std::ranges::min_element(due_, {}, [](const auto& entry) { return entry.second; });
    if (next == due_.end()) {
      changed_.wait(lock);
      continue;
    }
    const Nanoseconds left = next->second - clock_.now();
    if (left > Nanoseconds{}) {
      changed_.wait_for(lock, left);
      continue;
    }
    const std::string host = next->first;
    lock.unlock();
    Resolution resolution = look_up_(host);
    const Nanoseconds pause = resolution.addresses.empty() ? retry_ : period_;
    listener_(std::move(resolution));
    lock.lock();
    if (const auto entry = due_.find(host); entry != due_.end()) entry->second = clock_.now() + pause;
  }
}

}  // namespace gnomon::probe
