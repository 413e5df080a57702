#pragma once

// Looks host names up again and again on a thread of its own, so that nobody waits for DNS.
//
// watch() may be called from any thread. The listener is called on the resolver's thread and must be short. A look-up
// under way cannot be broken off: the destructor waits for it (resolv.conf's time-out, 5 s by default, bounds it).

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "net/address.h"

namespace gnomon::probe {

struct Resolution {
  std::string host;
  std::vector<net::Address> addresses;  // of both families, in the system's order; empty: none
  std::string problem;                  // why empty
  bool temporary = false;               // the resolver did not answer; what was known before stays true
};

class Resolver {
 public:
  using Listener = std::function<void(Resolution)>;
  // Tests hand in their own look-up.
  using LookUp = std::function<Resolution(const std::string& host)>;
  static Resolution look_up(const std::string& host);

  explicit Resolver(Listener listener, LookUp lookup = Resolver::look_up, Nanoseconds period = std::chrono::seconds(60),
                    Nanoseconds retry = std::chrono::seconds(10));
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The names to keep looked up from now on; new ones at once.
  void watch(const std::set<std::string>& hosts);

 private:
  void run();

  Listener listener_;
  LookUp look_up_;
  Nanoseconds period_;
  Nanoseconds retry_;
  SystemClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, MonotonicTime> due_;  // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  std::thread thread_;
};

}  // namespace gnomon::probe
