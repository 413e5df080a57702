#pragma once

// One test, or one turn for several tests, as the server sees it: from the control connection's hello to its end.
// Private to this folder.
//
// run() blocks on a thread of its own; take() and end() may be called from any other.

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "core/clock.h"
#include "methods/capacity/line_channel.h"
#include "methods/capacity/message.h"
#include "methods/capacity/pump.h"
#include "methods/speed_queue.h"
#include "net/address.h"
#include "net/file_descriptor.h"
#include "net/socket_space.h"

namespace gnomon::methods::capacity {

class Session {
 public:
  // `offers` outlives it. `space`: where the server's socket lives.
  Session(net::FileDescriptor control, const net::Endpoint& peer, Token token, const std::vector<Offer>& offers,
          std::shared_ptr<net::SocketSpace> space, const Clock& clock, SpeedQueue& queue);

  // How it went: whether a test ran, and the bytes that were moved.
  struct Outcome {
    bool ran = false;
    bool refused = false;
    std::uint64_t bytes = 0;
  };
  Outcome run();

  [[nodiscard]] const Token& token() const { return token_; }
  // A stream whose hello named this test; closed when it is not wanted.
  void take(std::uint16_t stream, net::FileDescriptor socket);
  void end() { ended_ = true; }

 private:
  // The first message: an Ask or a Hold.
  Result<Message> read_wish();
  void run_test(Ask ask, Outcome& outcome);
  // Keeps the turn for the tests that the client runs within it.
  void run_hold(const Hold& hold, Outcome& outcome);
  // False when the client left, or there is no place; it has been told.
  bool wait_for_turn(SpeedQueue::Place& place);
  [[nodiscard]] bool client_is_gone() const;
  // All streams, or a refusal.
  Status gather_streams();
  Status prepare();
  void transfer(Outcome& outcome);
  void refuse(const Error& error);

  LineChannel control_;
  const net::Endpoint client_;
  const std::string peer_;  // the same in words
  const Token token_;
  const std::vector<Offer>& offers_;
  const std::shared_ptr<net::SocketSpace> space_;
  const Clock& clock_;
  SpeedQueue& queue_;
  std::atomic<bool> ended_{false};
  Ask ask_;

  std::mutex mutex_;  // of the two below
  std::condition_variable came_;
  std::vector<net::FileDescriptor> streams_;
  bool wants_streams_ = false;
};

}  // namespace gnomon::methods::capacity
