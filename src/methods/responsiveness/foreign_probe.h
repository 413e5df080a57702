#pragma once

// One foreign probe (draft-ietf-ippm-responsiveness-09, "Measuring Responsiveness"): a new connection and a request for
// the small object on it, each step timed. Driven by a ReadyLoop; belongs to its thread.

#include <memory>

#include "methods/responsiveness/course.h"
#include "methods/responsiveness/ready_loop.h"
#include "methods/responsiveness/rpm.h"

namespace gnomon::methods::responsiveness {

class ForeignProbe final : public Watched, private http::H2Events {
 public:
  enum class State : std::uint8_t { kUnderWay, kAnswered, kFailed };

  explicit ForeignProbe(const Course& course);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] MonotonicTime begun() const { return begun_; }
  // Once answered.
  void add_to(ProbeDelays& delays) const;

  [[nodiscard]] int fd() const override { return client_ ? client_->fd() : -1; }
  [[nodiscard]] bool wants_write() const override { return state_ == State::kUnderWay && client_->wants_write(); }
  void on_ready(MonotonicTime at) override;

 private:
  void on_head(http::H2Stream, const http::H2Head& head) override;
  void on_end(http::H2Stream) override;
  void on_closed(http::H2Stream, bool clean) override;
  void fail() {
    if (state_ == State::kUnderWay) state_ = State::kFailed;
  }

  const Course& course_;
  MonotonicTime begun_;
  MonotonicTime ready_at_;  // of the event being handled
  std::optional<MonotonicTime> asked_;
  MonotonicTime answered_;
  State state_ = State::kUnderWay;
  std::unique_ptr<http::H2Client> client_;
};

}  // namespace gnomon::methods::responsiveness
