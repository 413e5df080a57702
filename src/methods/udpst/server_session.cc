#include "methods/udpst/server_session.h"

#include <algorithm>
#include <array>

#include "methods/udpst/draining.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr Nanoseconds kActivationTime = std::chrono::seconds(3);  // RFC 9946: without one the connection goes
constexpr int kMostRestarts = 2;                                  // a client asks three times
constexpr Nanoseconds kGrace = std::chrono::milliseconds(500);    // so that the last sub-interval is whole
constexpr std::uint32_t kJumboPacket = 9000;
constexpr std::uint16_t kFirstWithNullRequest = 20;
constexpr int kMostBursts = 32;

}  // namespace

Result<std::unique_ptr<ServerSession>> ServerSession::open(Opening opening, const SetupPolicy& policy,
                                                           const Clock& clock, Random& random) {
  auto socket = LoadSocket::open({opening.local.address, Port{0}});
  if (!socket) return tl::unexpected(socket.error());
  const auto bound = socket->local();
  if (!bound) return tl::unexpected(bound.error());
  return std::unique_ptr<ServerSession>(
      new ServerSession(std::move(opening), policy, clock, random, std::move(*socket), bound->port));
}

ServerSession::ServerSession(Opening opening, const SetupPolicy& policy, const Clock& clock, Random& random,
                             LoadSocket socket, Port port)
    : opening_(std::move(opening)),
      policy_(policy),
      clock_(clock),
      random_(random),
      socket_(std::move(socket)),
      port_(port),
      expires_(clock.now() + kActivationTime) {}

void ServerSession::send_null_request() {
  if (opening_.request.version < kFirstWithNullRequest) return;
  std::array<std::byte, kNullSize> bytes{};
  NullPdu pdu;
  pdu.version = opening_.request.version;
  encode(pdu, bytes);
  const auto& identity = opening_.verdict.identity;
  if (identity.auth_mode != 0) {
    sign(bytes, kNullAuthOffset, identity.keys.server, identity.key_id, unix_seconds(clock_.wall()));
  }
  socket_.send_to(bytes, opening_.client);
}

RateSearch ServerSession::search(const ActivationPdu& agreed) const {
  auto settings = search_settings(agreed);
  if (policy_.max_bandwidth_mbps) {
    const auto granted = std::uint64_t{opening_.verdict.granted_mbps} * 1'000'000;
    settings.highest_index = table_->highest_below(BitRate{granted});
  }
  return {*table_, settings};
}

void ServerSession::answer(ActivationPdu agreed) {
  std::array<std::byte, kActivationSize> bytes{};
  const auto pdu = std::span(bytes).first(encode(agreed, bytes));
  const auto& identity = opening_.verdict.identity;
  if (identity.auth_mode != 0 && agreed.version >= kFirstWithNullRequest) {
    sign(pdu, kActivationAuthOffset, identity.keys.server, identity.key_id, unix_seconds(clock_.wall()));
  }
  socket_.send(pdu);
}

void ServerSession::begin(const ActivationPdu& agreed, MonotonicTime now) {
  const bool is_upstream = agreed.command == ActivationCommand::kUpstream;
  TestTerms terms;
  terms.is_server = true;
  terms.family = opening_.client.address.family();
  terms.version = agreed.version;
  terms.auth_mode = opening_.verdict.identity.auth_mode;
  terms.trial_interval = std::chrono::milliseconds(agreed.trial_interval_ms);
  terms.sub_interval = std::chrono::milliseconds(agreed.sub_interval_ms);
  terms.duration = std::chrono::seconds(agreed.test_seconds);
  const SessionClock clock(clock_);
  if (is_upstream) {
    end_.emplace<ReceivingEnd>(terms, clock, now, search(agreed));
  } else {
    end_.emplace<SendingEnd>(terms, clock, random_, now, search(agreed));
  }
  stops_ = now + terms.duration + kGrace;
}

void ServerSession::on_activation(std::span<const std::byte> raw, const net::Endpoint& from, MonotonicTime now,
                                  const Admit& admit) {
  const auto request = decode_activation(raw);
  if (!request || request->response != ActivationResponse::kNone) return;
  if (request->version != opening_.request.version || !from.address.same_host(opening_.client.address)) return;
  if (!is_authentic(raw, request->version, opening_.verdict.identity, clock_.wall())) return;
  if (!socket_.connect(from)) return;
  auto agreed = agree(*request, policy_);
  if (!admit(*this, std::chrono::seconds(agreed.test_seconds))) {
    agreed.response = ActivationResponse::kBadParameter;
    answer(agreed);
    is_over_ = true;
    return;
  }
  // Datagrams that would have to be fragmented measure something else.
  const bool jumbo = opening_.request.jumbo && socket_.path_mtu() >= kJumboPacket;
  table_ = std::make_unique<RateTable>(DatagramProfile{jumbo, opening_.request.traditional_mtu});
  agreed.response = ActivationResponse::kAccepted;
  if (agreed.command == ActivationCommand::kUpstream) agreed.rate = search(agreed).rate();
  agreed_ = agreed;
  begin(agreed, now);
  answer(agreed);
}

void ServerSession::on_datagram(const ReceivedDatagram& datagram, const net::Endpoint* from, MonotonicTime now,
                                const Admit& admit) {
  if (is_over_) return;
  if (!is_testing()) {
    if (from != nullptr) on_activation(datagram.bytes, *from, now, admit);
    return;
  }
  if (auto* receiving = std::get_if<ReceivingEnd>(&end_)) {
    if (const auto pdu = decode_load(datagram.bytes)) return receiving->on_load(*pdu, datagram.size, now);
  } else if (auto* sending = std::get_if<SendingEnd>(&end_)) {
    const auto pdu = decode_status(datagram.bytes);
    if (pdu) {
      sending->on_status(*pdu, now);
      return;
    }
  }
  if (!decode_activation(datagram.bytes)) return;
  // The answer was lost: the client asks again. What was sent to one that did not listen yet proves nothing.
  const auto* sending = std::get_if<SendingEnd>(&end_);
  if (sending != nullptr && !sending->heard() && restarts_++ < kMostRestarts) begin(*agreed_, now);
  answer(*agreed_);
}

void ServerSession::send_due(MonotonicTime now) {
  if (auto* receiving = std::get_if<ReceivingEnd>(&end_)) {
    if (now >= stops_) receiving->stop(now);
    if (const auto pdu = receiving->due(now)) {
      std::array<std::byte, kStatusSize> bytes{};
      socket_.send(std::span(bytes).first(encode(*pdu, opening_.request.version, bytes)));
    }
    receiving->check_time(now);
  } else if (auto* sending = std::get_if<SendingEnd>(&end_)) {
    if (now >= stops_) sending->stop();
    sending->check_time(now);
    for (int i = 0; i < kMostBursts; ++i, now = clock_.now()) {
      const auto burst = sending->due(now);
      if (!burst) break;
      sending->sent(*burst, socket_.send_load(sending->header(now), *burst));
    }
  }
}

void ServerSession::leave() {
  is_over_ = true;
  opening_.place->place.reset();
}

EndState ServerSession::end_state() const {
  if (const auto* receiving = std::get_if<ReceivingEnd>(&end_)) return receiving->state();
  if (const auto* sending = std::get_if<SendingEnd>(&end_)) return sending->state();
  return EndState::kRunning;
}

bool ServerSession::is_upstream() const {
  if (agreed_) return agreed_->command == ActivationCommand::kUpstream;
  return (opening_.request.max_bandwidth & SetupPdu::kUpstreamBit) != 0;
}

bool ServerSession::run(MonotonicTime now, bool readable, const Admit& admit) {
  const MonotonicTime drained_by = now + kMostDraining;
  for (int batch = 0; readable && may_receive_more(batch, next_event(), drained_by, clock_); ++batch) {
    std::optional<MonotonicTime> received;
    if (socket_.receive([&](const ReceivedDatagram& datagram, const net::Endpoint* from) {
          if (!received) received = clock_.now();
          on_datagram(datagram, from, *received, admit);
        }) == 0) {
      break;
    }
    now = received.value_or(now);
  }
  send_due(now);
  if (is_over_ || end_state() != EndState::kRunning) return false;
  if (!is_testing()) return now < expires_;
  return now < stops_ + kGivenUpAfter;
}

MonotonicTime ServerSession::next_event() const {
  auto next = is_testing() ? stops_ + kGivenUpAfter : expires_;
  if (const auto* receiving = std::get_if<ReceivingEnd>(&end_)) next = std::min(next, receiving->next_event());
  if (const auto* sending = std::get_if<SendingEnd>(&end_)) next = std::min(next, sending->next_event());
  return next;
}

}  // namespace gnomon::methods::udpst
