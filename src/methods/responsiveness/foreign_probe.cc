#include "methods/responsiveness/foreign_probe.h"

#include <algorithm>

namespace gnomon::methods::responsiveness {

ForeignProbe::ForeignProbe(const Course& course) : course_(course), begun_(course.clock.now()) {
  auto opened = course.connect(*this);
  if (opened) client_ = std::move(*opened);
  if (!opened) fail();
}

void ForeignProbe::on_ready(MonotonicTime at) {
  if (state_ != State::kUnderWay) return;
  ready_at_ = at;
  if (!client_->advance(at)) return fail();
  if (client_->is_ready() && !asked_) {
    asked_ = course_.clock.now();
    if (!client_->get(course_.config.small.path) || !client_->flush()) return fail();
  }
  if (client_->is_over()) fail();
}

void ForeignProbe::on_head(http::H2Stream, const http::H2Head& head) {
  if (head.status != 200) fail();
}

void ForeignProbe::on_end(http::H2Stream) {
  if (state_ != State::kUnderWay) return;
  // The answer may have come with what the request's own turn of the loop read, later than its beginning.
  answered_ = std::max(ready_at_, *asked_);
  state_ = State::kAnswered;
}

void ForeignProbe::on_closed(http::H2Stream, bool) {
  fail();
}

void ForeignProbe::add_to(ProbeDelays& delays) const {
  const auto& times = client_->times();
  delays.tcp.push_back(times.handshake);
  if (const auto trips = client_->tls_round_trips(); trips > 0) {
    delays.tls.push_back((*times.ready - *times.connected) / trips);
  }
  delays.http.push_back(answered_ - *asked_);
  delays.total.push_back(answered_ - times.begun);
}

}  // namespace gnomon::methods::responsiveness
