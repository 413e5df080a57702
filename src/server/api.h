#pragma once

// The read API and what an admin changes through it (docs/openapi.yaml): one file per resource, api_NAME.cc. Session,
// password, ingest, ledger, enrolment and the web application are routed elsewhere.
//
//   auto changes = Changes::open({.folder = data / "changes"}, clock);   // before the live state
//   LiveState live(clock);
//   live.set_observer(changes->get());
//   live.load(store, (*changes)->troubled());
//   server.collector().add_observer(live);
//   LiveFeed feed(clock, live, [&] { return status_json(api); });
//   connect(api);                                                        // changes and links → feed
//   add_api(router, api);
//   LiveTicker ticker(api);                                              // tick() four times a second

#include <functional>
#include <memory>
#include <string>

#include "core/clock.h"
#include "http/router.h"
#include "server/changes.h"
#include "server/live_feed.h"
#include "server/live_state.h"
#include "server/observatory.h"
#include "server/region_control.h"
#include "server/storage_cache.h"

namespace gnomon::store {
class Store;
}

namespace gnomon::server {

// Everything outlives the router.
struct Api {
  const Clock* clock = nullptr;
  MonotonicTime started;
  store::Store* store = nullptr;
  LiveState* live = nullptr;
  Changes* changes = nullptr;
  LiveFeed* feed = nullptr;
  RegionControl* region = nullptr;
  const Observatory* observatory = nullptr;
  analysis::Zone zone;
  std::string plan_schema;  // JSON Schema of plan files
  // Hands it to the store's one writer thread and waits; nothing: keep for ever. Unset: the setting is refused.
  std::function<Status(store::Level, std::optional<Nanoseconds>)> set_retention;
  // Shared by everything that shows disk use; made by add_api's caller: std::make_shared<StorageCache>(clock, store).
  std::shared_ptr<StorageCache> storage;
};

void add_api(http::Router& router, const Api& api);
std::string status_json(const Api& api);
// Changes and the region's link events go to the feed; link events become changes.
void connect(const Api& api);

// One thread that calls tick() of live state, changes and feed every 250 ms, until destroyed.
class LiveTicker {
 public:
  explicit LiveTicker(const Api& api);
  ~LiveTicker();
  LiveTicker(const LiveTicker&) = delete;
  LiveTicker& operator=(const LiveTicker&) = delete;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::server
