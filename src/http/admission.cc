#include "http/admission.h"

namespace gnomon::http {

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

void Admission::Room::hold_answer(std::size_t bytes) {
  admission_.answer_bytes_ += bytes - answer_;
  answer_ = bytes;
}

bool Admission::room_for_answer(Time now) {
  return answer_bytes_ < limits_.answer_bytes_in_flight || waits_.end_longest(WaitFor::kReader, now, limits_.patience);
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
