#pragma once

// One load-generating connection: a transfer without end, down or up, and self probes beside it on the same connection
// (draft-ietf-ippm-responsiveness-09, "Measuring Responsiveness"). No priorities are used: a probe has the place that
// any request would have. Driven by a ReadyLoop; belongs to its thread.

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "methods/responsiveness/course.h"
#include "methods/responsiveness/ready_loop.h"

namespace gnomon::methods::responsiveness {

class LoadFlow final : public Watched, private http::H2Events {
 public:
  enum class Direction : std::uint8_t { kDown, kUp };

  LoadFlow(const Course& course, Direction direction);

  // Bytes moved since the last call: received, or acknowledged by the other end.
  std::uint64_t take_bytes();
  // It carries load, so that a probe on it is one under load.
  [[nodiscard]] bool is_loaded() const { return is_loaded_ && ended_.empty(); }
  void probe();
  // Delays of self probes that were answered since the last call.
  std::vector<Nanoseconds> take_probes() { return std::exchange(answered_, {}); }
  // Those that failed or have taken longer than `most`, since the last call.
  std::uint64_t take_failed(Nanoseconds most);

  [[nodiscard]] Direction direction() const { return direction_; }
  // Why it ended; empty while it runs.
  [[nodiscard]] const std::string& ended() const { return ended_; }
  // The server told us to come back later, with its Retry-After where it gave one.
  [[nodiscard]] bool is_refused() const { return refused_; }
  [[nodiscard]] const std::string& retry_after() const { return retry_after_; }

  [[nodiscard]] int fd() const override { return client_ ? client_->fd() : -1; }
  [[nodiscard]] bool wants_write() const override { return ended_.empty() && client_->wants_write(); }
  void on_ready(MonotonicTime at) override;

 private:
  void on_head(http::H2Stream stream, const http::H2Head& head) override;
  void on_body(http::H2Stream stream, std::span<const std::byte> bytes) override;
  void on_end(http::H2Stream stream) override;
  void on_closed(http::H2Stream stream, bool clean) override;
  Status begin();
  void end(std::string why) {
    if (ended_.empty()) ended_ = std::move(why);
  }

  const Course& course_;
  const Direction direction_;
  std::unique_ptr<http::H2Client> client_;
  http::H2Stream transfer_ = 0;
  bool is_loaded_ = false, refused_ = false;
  std::uint64_t received_ = 0, taken_ = 0;
  MonotonicTime ready_at_;
  std::unordered_map<http::H2Stream, MonotonicTime> probes_;  // under way
  std::vector<Nanoseconds> answered_;
  std::uint64_t failed_ = 0;
  std::string ended_, retry_after_;
};

}  // namespace gnomon::methods::responsiveness
