#include "methods/capacity/held_turn.h"

#include <algorithm>

#include "methods/capacity/socket.h"

namespace gnomon::methods::capacity {

namespace {

constexpr Nanoseconds kConnectTime = std::chrono::seconds(5);

}  // namespace

Status HeldTurn::wait(const Options& options, const Clock& clock, const OnWait& on_wait,
                      const std::atomic<bool>& cancelled) {
  const std::string server = net::to_string(options.server);
  const MonotonicTime asked = clock.now();
  while (true) {
    const auto message = control_.receive(asked + options.patience, cancelled);
    if (!message) return tl::unexpected(message.error());
    if (!*message) {
      return failure(ErrorCode::kUnavailable, "wait for a turn at", server,
                     cancelled ? "stopped" : "it did not come within the time that we wait",
                     cancelled ? "" : "try again when fewer people test");
    }
    if (const auto* ahead = std::get_if<Wait>(&**message)) {
      if (on_wait) on_wait(ahead->tests, ahead->time);
    } else if (const auto* refused = std::get_if<Refused>(&**message)) {
      return failure(ErrorCode::kUnavailable, "take a turn at", server, refused->reason, refused->advice);
    } else if (const auto* ready = std::get_if<Ready>(&**message)) {
      offers_ = ready->offers;
      program_ = ready->program;
      waited_ = clock.now() - asked;
      return {};
    } else {
      return failure(ErrorCode::kCorrupt, "hear from", server, "a message came out of turn");
    }
  }
}

Result<HeldTurn> HeldTurn::take(const Options& options, const Clock& clock, const OnWait& on_wait,
                                const std::atomic<bool>& cancelled) {
  if (options.most <= Nanoseconds{} || options.most > kLongestHold) {
    return failure(ErrorCode::kInvalidArgument, "take a turn at", net::to_string(options.server),
                   "its time is not above 0 and at most 6 min");
  }
  auto socket = connect_to(*options.space, options.server, {Hello::Kind::kControl, 0, {}}, 0, kConnectTime, cancelled);
  if (!socket) return tl::unexpected(socket.error());
  HeldTurn turn(LineChannel(std::move(*socket), net::to_string(options.server), clock));
  if (auto status = turn.control_.send(Hold{options.most}); !status) return tl::unexpected(status.error());
  if (auto status = turn.wait(options, clock, on_wait, cancelled); !status) return tl::unexpected(status.error());
  return turn;
}

const Offer* HeldTurn::offer(std::string_view method) const {
  const auto found = std::ranges::find(offers_, method, &Offer::method);
  return found == offers_.end() ? nullptr : &*found;
}

}  // namespace gnomon::methods::capacity
