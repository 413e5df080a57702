#pragma once

// GET /api/v1/live: server-sent events to every open dashboard.
//
// Events: hello (status), change, link, status (every 5 s) for everyone; of paths only what the listener asked for
// (LiveInterest): paths (whole rows), figures or states (arrays), at most every 2 s and kRowsAtOnce at a time, so that
// thousands of paths don't burst. Listeners of figures, of states and of one path first get how things stand. Ids
// rise, across restarts too. Change and link events are held for clients that come back with the last id they saw.
// Nothing is encoded while nobody listens, and once for all who ask for the same.
//
// Thread-safe. tick() is called a few times a second by one thread.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/clock.h"
#include "http/event_stream.h"
#include "server/changes.h"
#include "server/live_interest.h"
#include "server/live_state.h"

namespace gnomon::server {

class LiveFeed {
 public:
  static constexpr std::size_t kRowsAtOnce = 500;
  static constexpr std::size_t kClients = 256;
  // Beyond so many paths a new listener is not told how all of them stand; it asks GET paths for what it needs.
  static constexpr std::size_t kSnapshotPaths = 20'000;

  // `status` makes the JSON of GET status; both must outlive this.
  LiveFeed(const Clock& clock, LiveState& live, std::function<std::string()> status);
  ~LiveFeed();

  // Nothing when there are too many clients.
  std::shared_ptr<http::EventStream> subscribe(LiveInterest interest, std::optional<std::uint64_t> last_event_id);
  void publish_change(const Change& change);
  void publish_link(const RegionLink& link);
  void tick();
  [[nodiscard]] std::size_t clients() const;
  void close_all();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::server
