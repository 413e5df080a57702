#include "http/event_stream.h"

#include <algorithm>
#include <utility>

namespace gnomon::http {

EventText encode_event(std::string_view event, std::string_view payload, std::optional<std::uint64_t> id) {
  std::string text;
  text.reserve(payload.size() + event.size() + 48);
  if (id) text += "id: " + std::to_string(*id) + "\n";
  if (!event.empty()) text.append("event: ").append(event).append("\n");
  while (true) {
    const auto end = payload.find('\n');
    text.append("data: ").append(payload.substr(0, end)).append("\n");
    if (end == payload.npos) break;
    payload.remove_prefix(end + 1);
  }
  text += "\n";
  return std::make_shared<const std::string>(std::move(text));
}

bool EventStream::send(EventText event) {
  const std::lock_guard lock(mutex_);
  if (closed_) return false;
  queued_bytes_ += event->size();
  if (queued_bytes_ > limit_) {
    queue_.clear();
    queue_.push_back(std::make_shared<const std::string>(": dropped, reading too slowly; connect again\n\n"));
    closed_ = true;
    wake_locked();
    return false;
  }
  const bool was_empty = queue_.empty();
  queue_.push_back(std::move(event));
  if (was_empty) wake_locked();
  return true;
}

bool EventStream::send(std::string_view event, std::string_view payload, std::optional<std::uint64_t> id) {
  return send(encode_event(event, payload, id));
}

void EventStream::close() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(closed_, true)) return;
  wake_locked();
}

bool EventStream::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

EventStream::Batch EventStream::take() {
  const std::lock_guard lock(mutex_);
  Batch batch{{queue_.begin(), queue_.end()}, closed_};
  queue_.clear();
  queued_bytes_ = 0;
  return batch;
}

void EventStream::on_ready(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
  if (!queue_.empty() || closed_) wake_locked();
}

void EventStream::abandon() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  queue_.clear();
  queued_bytes_ = 0;
  wake_ = nullptr;
}

void EventStream::wake_locked() {
  if (wake_) wake_();
}

std::shared_ptr<EventStream> EventHub::subscribe(std::vector<EventText> first) {
  auto stream = std::make_shared<EventStream>();
  for (auto& event : first) stream->send(std::move(event));
  const std::lock_guard lock(mutex_);
  std::erase_if(clients_, [](const auto& client) { return client->closed(); });
  if (clients_.size() >= client_limit_) return nullptr;
  clients_.push_back(stream);
  return stream;
}

void EventHub::publish(std::string_view event, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  if (clients_.empty()) return;
  const EventText text = encode_event(event, payload, next_id_++);
  std::erase_if(clients_, [&](const auto& client) { return !client->send(text); });
}

std::size_t EventHub::clients() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(clients_.begin(), clients_.end(), [](const auto& client) { return !client->closed(); }));
}

void EventHub::close_all() {
  const std::lock_guard lock(mutex_);
  for (const auto& client : clients_) client->close();
  clients_.clear();
}

}  // namespace gnomon::http
