#pragma once

// The event loop of one test: sockets that are ready are told so, with one time for all that were ready together, so
// that the work for one does not count as delay of the next. Belongs to one thread.

#include "core/clock.h"
#include "core/error.h"
#include "net/file_descriptor.h"

namespace gnomon::methods::responsiveness {

class Watched {
 public:
  virtual ~Watched() = default;
  [[nodiscard]] virtual int fd() const = 0;
  [[nodiscard]] virtual bool wants_write() const = 0;
  // Must not destroy any Watched.
  virtual void on_ready(MonotonicTime at) = 0;

 private:
  friend class ReadyLoop;
  bool writing_ = false;
};

class ReadyLoop {
 public:
  static Result<ReadyLoop> create(const Clock& clock);

  // Until its socket is closed. The object must stay where it is so long.
  void watch(Watched& watched);
  // After something was given to it to send outside of on_ready.
  void follow(Watched& watched);
  // Waits for sockets until then at most, and tells those that are ready.
  void wait(MonotonicTime until);

 private:
  ReadyLoop(net::FileDescriptor epoll, const Clock& clock) : epoll_(std::move(epoll)), clock_(&clock) {}
  net::FileDescriptor epoll_;
  const Clock* clock_;
};

}  // namespace gnomon::methods::responsiveness
