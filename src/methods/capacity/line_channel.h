#pragma once

// The control connection of a capacity test: messages as lines over a connected TCP socket, each step with a deadline.
// Belongs to one thread; blocks in poll(2) only, so that a flag ends any wait.

#include <atomic>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"
#include "methods/capacity/message.h"
#include "net/file_descriptor.h"

namespace gnomon::methods::capacity {

class LineChannel {
 public:
  // `peer` names the other end in errors. The socket is set to non-blocking.
  LineChannel(net::FileDescriptor socket, std::string peer, const Clock& clock);

  [[nodiscard]] int socket() const { return socket_.get(); }
  // kUnavailable: the peer is gone, or does not take it within 5 s.
  Status send(const Message& message);
  // The next message; nothing when none came until `deadline` or the flag was set. kUnavailable: the peer is gone;
  // kCorrupt: it said what it may not say.
  Result<std::optional<Message>> receive(MonotonicTime deadline, const std::atomic<bool>& ended);

 private:
  Result<std::optional<Message>> take_line();
  // False at the end of the time.
  bool wait_for(short events, MonotonicTime deadline, const std::atomic<bool>& ended) const;

  net::FileDescriptor socket_;
  std::string peer_;
  const Clock& clock_;
  std::string unread_;
};

}  // namespace gnomon::methods::capacity
