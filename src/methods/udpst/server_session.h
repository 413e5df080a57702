#pragma once

// One connection of a test at the server, from the setup request on: its socket, its terms, one of the two ends. For
// server.cc; belongs to the server's thread.
//
// Load leaves only for an address that has activated the test from where the setup request came, with the right
// signature when there are keys, and that has proved since that it receives (sending_end.h).

#include <memory>
#include <optional>
#include <variant>

#include "core/random.h"
#include "methods/speed_queue.h"
#include "methods/udpst/load_socket.h"
#include "methods/udpst/receiving_end.h"
#include "methods/udpst/sending_end.h"
#include "methods/udpst/setup_rules.h"

namespace gnomon::methods::udpst {

// The place in the queue that all connections of one test share.
struct TestPlace {
  std::optional<SpeedQueue::Place> place;
};

class ServerSession {
 public:
  struct Opening {
    net::Endpoint client, local;  // of the setup request
    SetupPdu request;
    SetupVerdict verdict;
    std::shared_ptr<TestPlace> place;  // empty until the first activation
  };
  // Asked at the activation: may this test run now? Fills the place when it may.
  using Admit = std::function<bool(const ServerSession&, std::chrono::seconds)>;

  static Result<std::unique_ptr<ServerSession>> open(Opening opening, const SetupPolicy& policy, const Clock& clock,
                                                     Random& random);

  [[nodiscard]] const Opening& opening() const { return opening_; }
  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] Port port() const { return port_; }
  // As the activation says; before it, as the bandwidth asked for says.
  [[nodiscard]] bool is_upstream() const;
  [[nodiscard]] bool is_testing() const { return !std::holds_alternative<std::monostate>(end_); }

  // Its time is over, and only the client's word for it is missing.
  [[nodiscard]] bool is_stopping(MonotonicTime now) const { return is_testing() && now >= stops_; }
  // Ends at its next turn, and others may test from now on.
  void leave();

  void send_null_request();
  // Reads what has come when there is something, sends what is due, looks at the time. False when the session is over.
  bool run(MonotonicTime now, bool readable, const Admit& admit);
  [[nodiscard]] MonotonicTime next_event() const;

 private:
  ServerSession(Opening opening, const SetupPolicy& policy, const Clock& clock, Random& random, LoadSocket socket,
                Port port);
  void on_datagram(const ReceivedDatagram& datagram, const net::Endpoint* from, MonotonicTime now, const Admit& admit);
  void on_activation(std::span<const std::byte> raw, const net::Endpoint& from, MonotonicTime now, const Admit& admit);
  void begin(const ActivationPdu& agreed, MonotonicTime now);
  void answer(ActivationPdu agreed);
  void send_due(MonotonicTime now);
  [[nodiscard]] EndState end_state() const;
  [[nodiscard]] RateSearch search(const ActivationPdu& agreed) const;

  Opening opening_;
  const SetupPolicy& policy_;
  const Clock& clock_;
  Random& random_;
  LoadSocket socket_;
  Port port_;
  std::unique_ptr<RateTable> table_;
  std::optional<ActivationPdu> agreed_;
  std::variant<std::monostate, SendingEnd, ReceivingEnd> end_;
  MonotonicTime expires_, stops_;
  int restarts_ = 0;
  bool is_over_ = false;
};

}  // namespace gnomon::methods::udpst
