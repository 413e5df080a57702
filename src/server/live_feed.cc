#include "server/live_feed.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <vector>

#include "server/change_file.h"
#include "server/json_rows.h"

namespace gnomon::server {

namespace {

using std::chrono::seconds;

constexpr Nanoseconds kRowsEvery = seconds(2);
constexpr Nanoseconds kStatusEvery = seconds(5);
constexpr std::size_t kHeldEvents = 200;
// A burst of every row of thousands of paths must fit.
constexpr std::size_t kQueueBytes = 8UL * 1024 * 1024;

struct HeldEvent {
  std::uint64_t id = 0;
  http::EventText text;
};

}  // namespace

class LiveFeed::Impl {
 public:
  Impl(const Clock& the_clock, LiveState& the_live, std::function<std::string()> the_status)
      : clock(the_clock), live(the_live), status(std::move(the_status)) {
    // Ids go on rising after a restart, and stay whole numbers for JavaScript.
    next_id = static_cast<std::uint64_t>(
        std::max<std::int64_t>(1, std::chrono::floor<std::chrono::milliseconds>(clock.wall().since_epoch).count()));
    next_id *= 1000;
  }

  void publish_locked(std::string_view event, std::string_view payload, bool hold) {
    const std::uint64_t id = next_id++;
    const http::EventText text = http::encode_event(event, payload, id);
    if (hold) {
      kept.push_back({id, text});
      if (kept.size() > kHeldEvents) kept.pop_front();
    }
    std::erase_if(clients, [&](const auto& client) { return !client->send(text); });
  }

  const Clock& clock;
  LiveState& live;
  const std::function<std::string()> status;
  mutable std::mutex mutex;
  std::vector<std::shared_ptr<http::EventStream>> clients;
  std::deque<HeldEvent> kept;  // changes and links
  std::uint64_t next_id = 1;
  MonotonicTime rows_sent;
  MonotonicTime status_sent;
};

LiveFeed::LiveFeed(const Clock& clock, LiveState& live, std::function<std::string()> status)
    : impl_(std::make_unique<Impl>(clock, live, std::move(status))) {}

LiveFeed::~LiveFeed() {
  close_all();
}

std::shared_ptr<http::EventStream> LiveFeed::subscribe(std::optional<std::uint64_t> last_event_id) {
  const std::string hello = impl_->status();
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->clients, [](const auto& client) { return client->closed(); });
  if (impl_->clients.size() >= kClients) return nullptr;
  auto client = std::make_shared<http::EventStream>(kQueueBytes);
  for (const HeldEvent& event : impl_->kept) {
    if (last_event_id && event.id > *last_event_id) client->send(event.text);
  }
  client->send("hello", hello, impl_->next_id++);
  impl_->clients.push_back(client);
  return client;
}

void LiveFeed::publish_change(const Change& change) {
  const std::lock_guard lock(impl_->mutex);
  impl_->publish_locked("change", change_json(change), true);
}

void LiveFeed::publish_link(const RegionLink& link) {
  const std::lock_guard lock(impl_->mutex);
  impl_->publish_locked("link", link_json(link), true);
}

void LiveFeed::tick() {
  if (clients() == 0) return;
  const MonotonicTime now = impl_->clock.now();
  if (now - impl_->rows_sent >= kRowsEvery) {
    impl_->rows_sent = now;
    const std::vector<PathView> rows = impl_->live.take_changed(kRowsAtOnce);
    if (!rows.empty()) {
      const std::string payload = paths_json(rows);
      const std::lock_guard lock(impl_->mutex);
      impl_->publish_locked("paths", payload, false);
    }
  }
  if (now - impl_->status_sent >= kStatusEvery) {
    impl_->status_sent = now;
    const std::string payload = impl_->status();
    const std::lock_guard lock(impl_->mutex);
    impl_->publish_locked("status", payload, false);
  }
}

std::size_t LiveFeed::clients() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->clients.size();
}

void LiveFeed::close_all() {
  const std::lock_guard lock(impl_->mutex);
  for (const auto& client : impl_->clients) client->close();
  impl_->clients.clear();
}

}  // namespace gnomon::server
