#include "methods/udpst/server_sessions.h"

#include <algorithm>
#include <array>

#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::chrono::seconds kMargin{4};  // of a test's place beyond its own time
constexpr Nanoseconds kLongestSleep = std::chrono::milliseconds(500);
constexpr double kMostSaved = ServerSessions::kMostAnswers / 4.0;  // answers that a quiet time saves up

bool same_test(const ServerSession::Opening& opening, const SetupPdu& request, const net::Address& client) {
  return opening.request.connection_ident == request.connection_ident &&
         opening.request.connection_count == request.connection_count && opening.client.address == client;
}

std::vector<std::byte> encode_answer(SetupPdu answer, const SetupVerdict& verdict, WallTime now) {
  std::vector<std::byte> bytes(kSetupSize);
  answer.command = SetupCommand::kResponse;
  answer.response = verdict.response;
  if (verdict.response == SetupResponse::kBadVersion) answer.version = kProtocolVersion;
  answer.auth.digest = {};
  encode(answer, bytes);
  // Versions before 20 have no key for the server, and one that is not known cannot sign.
  const auto& identity = verdict.identity;
  if (identity.auth_mode != 0 && answer.version >= kProtocolVersion) {
    sign(bytes, kSetupAuthOffset, identity.keys.server, identity.key_id, unix_seconds(now));
  }
  return bytes;
}

}  // namespace

ServerSession* ServerSessions::find(const SetupPdu& request, const net::Endpoint& client) {
  for (const auto& session : sessions_) {
    const auto& opening = session->opening();
    if (!session->is_testing() && opening.client == client && opening.request.version == request.version &&
        opening.request.connection_index == request.connection_index && same_test(opening, request, client.address)) {
      return session.get();
    }
  }
  return nullptr;
}

std::shared_ptr<TestPlace> ServerSessions::place_of(const SetupPdu& request, const net::Address& client) {
  for (const auto& session : sessions_) {
    if (same_test(session->opening(), request, client)) return session->opening().place;
  }
  return std::make_shared<TestPlace>();
}

bool ServerSessions::is_full(const net::Address& client) const {
  std::size_t waiting = 0, own = 0;
  for (const auto& session : sessions_) {
    if (!session->is_testing()) ++waiting;
    if (session->opening().client.address == client) ++own;
  }
  return waiting >= kMostWaiting || own >= kMostOfOne;
}

std::uint32_t ServerSessions::used_mbps(bool upstream) const {
  std::uint32_t sum = 0;
  for (const auto& session : sessions_) {
    if (session->is_upstream() == upstream) sum += session->opening().verdict.granted_mbps;
  }
  return sum;
}

bool ServerSessions::may_answer(MonotonicTime now) {
  const auto seconds = std::chrono::duration<double>(now - answers_counted_).count();
  answers_left_ = std::min(kMostSaved, answers_left_ + seconds * kMostAnswers);
  answers_counted_ = now;
  if (answers_left_ < 1) return false;
  answers_left_ -= 1;
  return true;
}

SetupResponse ServerSessions::open(const SetupPdu& request, const SetupVerdict& verdict, const net::Endpoint& client,
                                   const net::Endpoint& local, ServerSession*& opened) {
  // Who comes again has ended its last test, though its word for that was lost.
  for (const auto& session : sessions_) {
    if (session->is_stopping(clock_.now()) && session->opening().client.address == client.address) session->leave();
  }
  auto place = place_of(request, client.address);
  const bool runs_already = place->place.has_value();
  const bool is_free = runs_already || queue_.is_free_for(net::to_string(client.address));
  if (is_full(client.address) || !is_free) return SetupResponse::kNoConnection;
  auto session = ServerSession::open({client, local, request, verdict, std::move(place)}, policy_, clock_, random_);
  if (!session) return SetupResponse::kNoConnection;
  opened = sessions_.emplace_back(std::move(*session)).get();
  return SetupResponse::kAccepted;
}

std::optional<ServerSessions::Answer> ServerSessions::on_setup(std::span<const std::byte> raw,
                                                               const net::Endpoint& client,
                                                               const net::Endpoint& local) {
  const auto request = decode_setup(raw);
  if (!request || request->command != SetupCommand::kRequest || !may_answer(clock_.now())) {
    note_unanswered();
    return std::nullopt;
  }
  ++counters_.setups;
  const bool upstream = (request->max_bandwidth & SetupPdu::kUpstreamBit) != 0;
  const auto now = clock_.wall();
  auto answer = *request;
  Answer out;
  if (const auto* known = find(*request, client)) {  // its answer was lost
    answer.test_port = known->port();
    auto verdict = known->opening().verdict;
    out.bytes = encode_answer(answer, verdict, now);
    return out;
  }
  auto verdict = judge_setup(*request, raw, policy_, used_mbps(upstream), now);
  if (verdict.response == SetupResponse::kAccepted) {
    verdict.response = open(*request, verdict, client, local, out.opened);
  }
  if (out.opened != nullptr) answer.test_port = out.opened->port();
  if (verdict.response != SetupResponse::kAccepted) ++counters_.refused;
  out.bytes = encode_answer(answer, verdict, now);
  return out;
}

bool ServerSessions::admit(const ServerSession& session, std::chrono::seconds length) {
  auto& shared = session.opening().place->place;
  if (!shared) {
    auto place = queue_.enter(net::to_string(session.opening().client.address), length + kMargin);
    if (!place || place->ahead().tests > 0) return false;
    shared = std::move(*place);
  }
  ++counters_.tests;
  return true;
}

void ServerSessions::run(ServerSession& session, MonotonicTime now, bool readable) {
  const auto admission = [this](const ServerSession& asks, std::chrono::seconds length) { return admit(asks, length); };
  if (session.run(now, readable, admission)) return;
  std::erase_if(sessions_, [&](const auto& one) { return one.get() == &session; });
}

void ServerSessions::run_due(MonotonicTime now) {
  for (auto next = sessions_.begin(); next != sessions_.end();) {
    auto& session = **next++;  // run() may take it away
    if (session.next_event() <= now) run(session, now, false);
  }
}

MonotonicTime ServerSessions::next_event(MonotonicTime now) const {
  auto next = now + kLongestSleep;
  for (const auto& session : sessions_) next = std::min(next, session->next_event());
  return next;
}

ServerCounters ServerSessions::counters() const {
  auto counters = counters_;
  counters.connections = sessions_.size();
  return counters;
}

}  // namespace gnomon::methods::udpst
