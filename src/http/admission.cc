#include "http/admission.h"

#include <algorithm>

namespace gnomon::http {

void LaneLoad::took(std::chrono::nanoseconds time) {
  // Two threads at once may lose one of their figures; it is an average.
  const std::int64_t before = usual_ns_;
  usual_ns_ = before + (time.count() - before) / 8;
}

std::chrono::nanoseconds LaneLoad::expected_wait(unsigned threads) const {
  const auto queued = static_cast<std::int64_t>(queued_.load());
  return std::chrono::nanoseconds(queued * usual_ns_ / std::max<std::int64_t>(1, threads));
}

bool Admission::Room::hold_body(std::size_t bytes, Time now) {
  Admission& all = admission_;
  const std::size_t others = all.body_bytes_ - body_;
  if (bytes > body_ && others + bytes > all.limits_.body_bytes_in_flight) {
    // One that is larger than all the room there is drives nobody out.
    if (bytes > all.limits_.body_bytes_in_flight) return false;
    if (!all.waits_.end_longest(WaitFor::kBody, now, all.limits_.patience)) return false;
  }
  all.body_bytes_ = others + bytes;
  body_ = bytes;
  return true;
}

bool Admission::Room::expect_answer(Time now) {
  Admission& all = admission_;
  const bool full = all.answer_bytes_ + all.usual_answer_ > all.limits_.answer_bytes_in_flight;
  if (full && !all.waits_.end_longest(WaitFor::kReader, now, all.limits_.patience)) return false;
  all.answer_bytes_ += all.usual_answer_ - answer_;
  answer_ = all.usual_answer_;
  expected_ = true;
  return true;
}

void Admission::Room::hold_answer(std::size_t bytes, bool is_refusal) {
  Admission& all = admission_;
  all.answer_bytes_ += bytes - answer_;
  answer_ = bytes;
  if (!expected_ || is_refusal) return;
  // Quick to learn of large ones, slow to forget them.
  const std::size_t usual = all.usual_answer_;
  all.usual_answer_ = bytes > usual ? (usual + bytes) / 2 : usual - usual / 16 + bytes / 16;
}

bool Admission::place_in_queue(Lane lane) const {
  const LaneLoad& load = loads_[static_cast<std::size_t>(lane)];
  if (load.queued() == 0) return true;
  return load.queued() < queue_limit(lane) && load.expected_wait(threads(lane)) <= limits_.queue_time / 2;
}

unsigned Admission::threads(Lane lane) const {
  switch (lane) {
    case Lane::kRead:
      return options_.handler_threads;
    case Lane::kIngest:
      return options_.ingest_threads;
    case Lane::kLogin:
      return options_.login_threads;
  }
  return 1;
}

std::size_t Admission::queue_limit(Lane lane) const {
  switch (lane) {
    case Lane::kRead:
    case Lane::kIngest:
      return limits_.queued_requests;
    case Lane::kLogin:
      return limits_.queued_logins;
  }
  return 0;
}

}  // namespace gnomon::http
