#pragma once

// The control phase of a client: set-up at the control port, then the activation at the port that the server named (RFC
// 9946). Requests are repeated after a second without an answer, three times in all. For client.cc; blocks.

#include <optional>
#include <string>

#include "core/random.h"
#include "methods/udpst/authentication.h"
#include "methods/udpst/client.h"
#include "methods/udpst/load_socket.h"

namespace gnomon::methods::udpst {

class ClientHandshake {
 public:
  ClientHandshake(const ClientOptions& options, const Clock& clock, Random& random, LoadSocket& socket);

  // kCompleted: the socket is connected to the test port and `agreed` holds; otherwise how it ended.
  Outcome run();
  [[nodiscard]] const ActivationPdu& agreed() const { return agreed_; }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  // That the server named; 0 until it has.
  [[nodiscard]] Port test_port() const { return setup_answer_ ? setup_answer_->test_port : Port{}; }
  // The refusal is for the time that another test takes.
  [[nodiscard]] bool is_busy() const { return is_busy_; }
  // The server took the set-up and refused the activation: it does not like the parameters, or has begun another test
  // between its two answers. The protocol has no word for which; asked once more, it says so in the first.
  [[nodiscard]] bool is_late_refusal() const { return is_late_refusal_; }
  // Something went wrong on this machine.
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  Outcome set_up();
  Outcome activate();
  [[nodiscard]] SetupPdu setup_request() const;
  [[nodiscard]] ActivationPdu activation_request() const;
  // Sends and waits, again and again; true when `visit` has returned true for a datagram.
  bool exchange(std::span<const std::byte> request, const net::Endpoint* to,
                const std::function<bool(std::span<const std::byte>)>& visit);
  [[nodiscard]] bool is_signed(std::span<const std::byte> pdu, std::size_t offset) const;
  void sign_request(std::span<std::byte> pdu, std::size_t offset) const;
  Outcome refused(std::string why);
  bool try_other_profile(SetupResponse response);
  [[nodiscard]] bool cancelled() const;

  const ClientOptions& options_;
  const Clock& clock_;
  LoadSocket& socket_;
  SessionKeys keys_;
  std::uint16_t ident_;
  DatagramProfile profile_;
  int profile_changes_ = 0;
  std::optional<SetupPdu> setup_answer_;
  std::optional<ActivationPdu> activation_answer_;
  ActivationPdu agreed_;
  bool unsigned_answer_ = false;
  std::string refusal_;
  bool is_busy_ = false;
  bool is_late_refusal_ = false;
  std::optional<Error> error_;
};

// One sentence for a server's refusal.
std::string describe(SetupResponse response, std::uint16_t server_version);

}  // namespace gnomon::methods::udpst
