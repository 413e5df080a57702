#pragma once

// A turn in a server's line for several tests, one after the other, of this and of other methods
// (docs/spec/capacity.md): what this client begins from the same address while it holds the turn runs within it, before
// all others that wait. Beside it the server tells what else it serves.
//
// take() blocks, any thread; the turn may be moved to another. It ends with the object, when the server's patience ends
// (30 s without a test) or after `most`; tests begun later wait in line as usual.

#include <atomic>
#include <functional>
#include <optional>

#include "core/clock.h"
#include "core/error.h"
#include "methods/capacity/line_channel.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::capacity {

class HeldTurn {
 public:
  struct Options {
    net::Endpoint server;
    std::shared_ptr<net::SocketSpace> space = net::host_space();
    Nanoseconds most{};                              // above 0, at most kLongestHold
    Nanoseconds patience = std::chrono::minutes(5);  // to wait in line
  };
  // How many tests are before this one, and the time that they need at most.
  using OnWait = std::function<void(std::uint64_t, Nanoseconds)>;

  // kUnavailable: no server there, its line is full, or the flag was set; kCorrupt: it speaks something else. A server
  // from before there were such turns refuses the wish: kUnavailable.
  static Result<HeldTurn> take(const Options& options, const Clock& clock, const OnWait& on_wait,
                               const std::atomic<bool>& cancelled);

  [[nodiscard]] const std::vector<Offer>& offers() const { return offers_; }
  [[nodiscard]] const Offer* offer(std::string_view method) const;
  [[nodiscard]] const std::string& server_program() const { return program_; }
  [[nodiscard]] Nanoseconds waited() const { return waited_; }

 private:
  explicit HeldTurn(LineChannel control) : control_(std::move(control)) {}
  Status wait(const Options& options, const Clock& clock, const OnWait& on_wait, const std::atomic<bool>& cancelled);

  LineChannel control_;
  std::vector<Offer> offers_;
  std::string program_;
  Nanoseconds waited_{};
};

}  // namespace gnomon::methods::capacity
