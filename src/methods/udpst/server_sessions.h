#pragma once

// All connections of a server and who may open one, without control sockets and threads: server.cc drives it. Belongs
// to one thread.

#include <list>
#include <memory>

#include "methods/udpst/server.h"
#include "methods/udpst/server_session.h"

namespace gnomon::methods::udpst {

class ServerSessions {
 public:
  static constexpr std::size_t kMostWaiting = 128;    // for their activation
  static constexpr std::size_t kMostOfOne = 32;       // of one address
  static constexpr std::uint32_t kMostAnswers = 200;  // to setup requests, a second

  ServerSessions(const SetupPolicy& policy, SpeedQueue& queue, const Clock& clock, Random& random)
      : policy_(policy), queue_(queue), clock_(clock), random_(random) {}

  // The answer to a datagram at a control port, nothing when it deserves none. `opened` is the new session, if any: it
  // is to be watched, and its null request sent after the answer.
  struct Answer {
    std::vector<std::byte> bytes;
    ServerSession* opened = nullptr;
  };
  std::optional<Answer> on_setup(std::span<const std::byte> raw, const net::Endpoint& client,
                                 const net::Endpoint& local);
  // Runs one session, and takes it away when it is over.
  void run(ServerSession& session, MonotonicTime now, bool readable);
  // Runs those whose time has come.
  void run_due(MonotonicTime now);
  [[nodiscard]] MonotonicTime next_event(MonotonicTime now) const;
  [[nodiscard]] ServerCounters counters() const;
  void note_unanswered() { ++counters_.unanswered; }

 private:
  [[nodiscard]] ServerSession* find(const SetupPdu& request, const net::Endpoint& client);
  [[nodiscard]] std::shared_ptr<TestPlace> place_of(const SetupPdu& request, const net::Address& client);
  [[nodiscard]] bool is_full(const net::Address& client) const;
  [[nodiscard]] std::uint32_t used_mbps(bool upstream) const;
  [[nodiscard]] bool may_answer(MonotonicTime now);
  SetupResponse open(const SetupPdu& request, const SetupVerdict& verdict, const net::Endpoint& client,
                     const net::Endpoint& local, ServerSession*& opened);
  bool admit(const ServerSession& session, std::chrono::seconds length);

  const SetupPolicy& policy_;
  SpeedQueue& queue_;
  const Clock& clock_;
  Random& random_;
  std::list<std::unique_ptr<ServerSession>> sessions_;
  ServerCounters counters_;
  double answers_left_ = kMostAnswers / 4.0;
  MonotonicTime answers_counted_;
};

}  // namespace gnomon::methods::udpst
