#include "http/h2_server_connection.h"

namespace gnomon::http {

H2ServerConnection::H2ServerConnection(std::unique_ptr<H2Transport> transport, const net::Address& peer,
                                       const H2ServerLimits& limits, H2Service& service, const Clock& clock,
                                       H2ServerTotals& totals)
    : peer_(peer),
      limits_(limits),
      service_(service),
      clock_(clock),
      totals_(totals),
      idle_since_(clock.now()),
      link_(std::move(transport), H2Session::Role::kServer, limits.session, *this) {}

std::optional<MonotonicTime> H2ServerConnection::idle_since() const {
  if (!transfers_.empty()) return std::nullopt;
  return idle_since_;
}

bool H2ServerConnection::check_time(MonotonicTime now) {
  if (transfers_.empty()) {
    const bool shaking = link_.state() == H2Link::State::kHandshake;
    return now - idle_since_ < (shaking ? limits_.handshake_time : limits_.idle_time);
  }
  for (auto& [stream, transfer] : transfers_) {
    if (now < transfer.end) continue;
    if (now >= transfer.end + limits_.grace) return false;  // it does not even take the reset
    if (transfer.is_cut) continue;
    transfer.is_cut = true;
    ++totals_.transfers_cut;
    link_.session().reset(stream);
  }
  return true;
}

void H2ServerConnection::on_head(H2Stream stream, const H2Head& head) {
  ++totals_.requests;
  Transfer transfer{service_.on_request(head, peer_), {}, false};
  transfer.end = clock_.now() + transfer.answer.time_limit;
  auto& kept = transfers_[stream] = std::move(transfer);
  if (kept.answer.after_body) return;
  link_.session().answer(stream, kept.answer.status, kept.answer.fields, std::move(kept.answer.body));
}

void H2ServerConnection::on_end(H2Stream stream) {
  const auto found = transfers_.find(stream);
  if (found == transfers_.end() || !found->second.answer.after_body) return;
  auto& answer = found->second.answer;
  link_.session().answer(stream, answer.status, answer.fields, std::move(answer.body));
}

void H2ServerConnection::on_closed(H2Stream stream, bool) {
  if (transfers_.erase(stream) > 0) idle_since_ = clock_.now();
}

}  // namespace gnomon::http
