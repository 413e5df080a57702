#include "server/live_feed.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <span>
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

struct Listener {
  std::shared_ptr<http::EventStream> stream;
  LiveInterest interest;
  // Of the one path it asked for: what it was told last.
  std::optional<WallTime> told_last;
  PathState told_state = PathState::kUnknown;
};

std::vector<PathView> wanted(const LiveInterest& interest, std::span<const PathView> rows) {
  std::vector<PathView> some;
  std::ranges::copy_if(rows, std::back_inserter(some),
                       [&](const PathView& row) { return interest.wants(*row.identity); });
  return some;
}

http::EventText rows_event(LiveInterest::Rows how, std::span<const PathView> rows, std::uint64_t id) {
  switch (how) {
    case LiveInterest::Rows::kFull:
      return http::encode_event("paths", paths_json(rows), id);
    case LiveInterest::Rows::kFigures:
      return http::encode_event("figures", path_figures_json(rows), id);
    case LiveInterest::Rows::kStates:
      return http::encode_event("states", path_states_json(rows), id);
    case LiveInterest::Rows::kNone:
      break;
  }
  return nullptr;
}

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
    std::erase_if(listeners, [&](const Listener& one) { return !one.stream->send(text); });
  }

  // How things stand, for one who begins to listen; nothing when whole rows of all paths are asked for, since those
  // come from GET paths.
  http::EventText first_rows_locked(Listener& listener) {
    const LiveInterest& interest = listener.interest;
    if (interest.path) return one_path_locked(listener);
    if (interest.rows != LiveInterest::Rows::kFigures && interest.rows != LiveInterest::Rows::kStates) return nullptr;
    if (live.counts().total > kSnapshotPaths) return nullptr;
    return rows_event(interest.rows, wanted(interest, live.paths()), next_id++);
  }

  http::EventText one_path_locked(Listener& listener) {
    const std::optional<PathView> row = live.path(*listener.interest.path);
    if (!row || (row->last == listener.told_last && row->state == listener.told_state)) return nullptr;
    listener.told_last = row->last;
    listener.told_state = row->state;
    return rows_event(LiveInterest::Rows::kFull, {&*row, 1}, next_id++);
  }

  void send_rows() {
    const LiveState::ChangedRows changed = live.take_changed(kRowsAtOnce);
    const std::span<const PathView> all = changed.rows;
    std::map<LiveInterest, http::EventText> texts;
    const auto text_for = [&](Listener& listener) -> http::EventText {
      if (listener.interest.path) return one_path_locked(listener);
      const auto [entry, fresh] = texts.try_emplace(listener.interest);
      if (!fresh) return entry->second;
      const bool only_states = listener.interest.rows == LiveInterest::Rows::kStates;
      const std::vector<PathView> rows = wanted(listener.interest, only_states ? all.first(changed.states) : all);
      if (!rows.empty()) entry->second = rows_event(listener.interest.rows, rows, next_id++);
      return entry->second;
    };
    const std::lock_guard lock(mutex);
    std::erase_if(listeners, [&](Listener& listener) {
      const http::EventText text = text_for(listener);
      return text != nullptr && !listener.stream->send(text);
    });
  }

  const Clock& clock;
  LiveState& live;
  const std::function<std::string()> status;
  mutable std::mutex mutex;
  std::vector<Listener> listeners;
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

std::shared_ptr<http::EventStream> LiveFeed::subscribe(LiveInterest interest,
                                                       std::optional<std::uint64_t> last_event_id) {
  const std::string hello = impl_->status();
  const std::lock_guard lock(impl_->mutex);
  std::erase_if(impl_->listeners, [](const Listener& one) { return one.stream->closed(); });
  if (impl_->listeners.size() >= kClients) return nullptr;
  Listener listener{std::make_shared<http::EventStream>(kQueueBytes), std::move(interest), {}, {}};
  for (const HeldEvent& event : impl_->kept) {
    if (last_event_id && event.id > *last_event_id) listener.stream->send(event.text);
  }
  listener.stream->send("hello", hello, impl_->next_id++);
  if (const http::EventText rows = impl_->first_rows_locked(listener)) listener.stream->send(rows);
  impl_->listeners.push_back(listener);
  return listener.stream;
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
    impl_->send_rows();
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
  return impl_->listeners.size();
}

void LiveFeed::close_all() {
  const std::lock_guard lock(impl_->mutex);
  for (const Listener& one : impl_->listeners) one.stream->close();
  impl_->listeners.clear();
}

}  // namespace gnomon::server
