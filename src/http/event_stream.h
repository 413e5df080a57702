#pragma once

// Server-sent events (HTML standard, section 9.2) to one client each, and to all at once.
//
// Thread-safe: any thread may send; the connection's thread takes. The queue is bounded: a client that reads too slowly
// gets a last comment and is dropped, so that it never holds memory or others up. A comment ": ping" goes out every 15
// s of silence (server.h, Limits).

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gnomon::http {

// One event in its wire form, shared between clients. `event` and `id` lines are left out when empty; line ends in
// `payload` become further data lines.
using EventText = std::shared_ptr<const std::string>;
EventText encode_event(std::string_view event, std::string_view payload, std::optional<std::uint64_t> id = {});

class EventStream {
 public:
  static constexpr std::size_t kQueueLimit = 1024UL * 1024;
  explicit EventStream(std::size_t queue_limit_bytes = kQueueLimit) : limit_(queue_limit_bytes) {}

  // False once the client is gone, was dropped or closed: then forget the stream.
  bool send(EventText event);
  bool send(std::string_view event, std::string_view payload, std::optional<std::uint64_t> id = {});
  // Ends the stream after what is queued.
  void close();
  [[nodiscard]] bool closed() const;

  // For the connection: everything queued; `finished` when nothing will follow.
  struct Batch {
    std::vector<EventText> events;
    bool finished = false;
  };
  Batch take();
  // For the connection: called (from any thread) when take() has something new. Called once at once if it has already.
  void on_ready(std::function<void()> wake);
  // For the connection: the client is gone.
  void abandon();

 private:
  void wake_locked();
  mutable std::mutex mutex_;
  std::deque<EventText> queue_;
  std::size_t queued_bytes_ = 0;
  const std::size_t limit_;
  bool closed_ = false;
  std::function<void()> wake_;
};

// Sends the same events to every subscriber, with rising ids. Thread-safe.
class EventHub {
 public:
  explicit EventHub(std::size_t client_limit = 256) : client_limit_(client_limit) {}
  // A new subscriber, `first` already queued; nothing when there are too many.
  std::shared_ptr<EventStream> subscribe(std::vector<EventText> first = {});
  void publish(std::string_view event, std::string_view payload);
  [[nodiscard]] std::size_t clients() const;
  void close_all();

 private:
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<EventStream>> clients_;
  std::uint64_t next_id_ = 1;
  const std::size_t client_limit_;
};

}  // namespace gnomon::http
