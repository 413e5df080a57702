#include "server/api.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "server/api_routes.h"

namespace gnomon::server {

void add_api(http::Router& router, const Api& api) {
  add_status_routes(router, api);
  add_region_routes(router, api);
  add_path_routes(router, api);
  add_series_routes(router, api);
  add_mesh_routes(router, api);
  add_overview_routes(router, api);
  add_access_routes(router, api);
  add_change_routes(router, api);
  add_fleet_routes(router, api);
  add_storage_routes(router, api);
  add_lab_routes(router, api);
  add_live_routes(router, api);
  add_document_routes(router, api);
  add_metrics_routes(router, api);
}

void connect(const Api& api) {
  Changes* changes = api.changes;
  LiveFeed* feed = api.feed;
  changes->set_region(api.region);
  changes->set_listener([feed](const Change& change) { feed->publish_change(change); });
  api.region->on_link_change([changes, feed](const LinkEvent& event) {
    feed->publish_link(event.link);
    changes->link_changed(event);
  });
}

class LiveTicker::Impl {
 public:
  explicit Impl(const Api& api) : thread_([this, api] { run(api); }) {}
  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

 private:
  void run(const Api& api) {
    std::unique_lock lock(mutex_);
    while (!wake_.wait_for(lock, std::chrono::milliseconds(250), [this] { return stopping_; })) {
      lock.unlock();
      api.live->tick();
      api.changes->tick();
      api.feed->tick();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

LiveTicker::LiveTicker(const Api& api) : impl_(std::make_unique<Impl>(api)) {}
LiveTicker::~LiveTicker() = default;

}  // namespace gnomon::server
