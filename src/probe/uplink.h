#pragma once

// Carries parcels of signed batches to the server, on a thread of its own. Whether to send, and what an answer means,
// is decided elsewhere (delivery.h).
//
// Parcels that wait together, of several probes, travel in one request, up to kRequestBytes; when the server refuses
// such a request as a whole, each parcel is tried alone. post() and the destructor may be called from any thread; the
// listener is called on the uplink's thread and must be short.

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/error.h"
#include "http/client.h"
#include "probe/parcel.h"

namespace gnomon::probe {

class Uplink {
 public:
  using Listener = std::function<void(ParcelAnswer)>;

  // `url` as http::Client::create takes it.
  static Result<std::unique_ptr<Uplink>> start(const std::string& url, http::ClientOptions options, Listener listener);
  // Breaks off a request under way.
  ~Uplink();
  Uplink(const Uplink&) = delete;
  Uplink& operator=(const Uplink&) = delete;

  void post(Parcel parcel);

 private:
  Uplink(http::Client client, Listener listener);
  void run();
  std::vector<Parcel> take();  // waits; empty when stopping
  void carry(const std::vector<Parcel>& parcels);

  http::Client client_;
  Listener listener_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Parcel> waiting_;  // guarded by mutex_; each probe has at most one
  bool stopping_ = false;       // guarded by mutex_
  std::thread thread_;
};

}  // namespace gnomon::probe
