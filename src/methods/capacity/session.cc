#include "methods/capacity/session.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>

#include "core/version.h"
#include "methods/capacity/client.h"
#include "methods/capacity/socket.h"
#include "net/tcp_state.h"

namespace gnomon::methods::capacity {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds kAskTime = seconds(5);
constexpr Nanoseconds kStartTime = seconds(15);  // from ready to the client's start
constexpr Nanoseconds kStreamTime = seconds(5);  // from there until all streams are here
constexpr Nanoseconds kTellEach = seconds(1);    // one that waits
constexpr Nanoseconds kAround = seconds(5);      // what a test takes besides its transfer
constexpr Nanoseconds kMostQuiet = seconds(30);  // of a turn for several tests, between two of them
constexpr Nanoseconds kLookAtHold = milliseconds(500);
constexpr Nanoseconds kPastTheEnd = seconds(2);  // a client may be late with its stop

// Drops what the kernel still holds of a stream instead of sending it.
void abort_stream(int socket) {
  const linger at_once{1, 0};
  ::setsockopt(socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

Session::Session(net::FileDescriptor control, const net::Endpoint& peer, Token token, const std::vector<Offer>& offers,
                 std::shared_ptr<net::SocketSpace> space, const Clock& clock, SpeedQueue& queue)
    : control_(std::move(control), net::to_string(peer), clock),
      client_(peer),
      peer_(net::to_string(peer)),
      token_(token),
      offers_(offers),
      space_(std::move(space)),
      clock_(clock),
      queue_(queue) {}

void Session::take(std::uint16_t stream, net::FileDescriptor socket) {
  const std::lock_guard lock(mutex_);
  if (!wants_streams_ || stream >= streams_.size() || streams_[stream].valid()) return;
  streams_[stream] = std::move(socket);
  came_.notify_all();
}

void Session::refuse(const Error& error) {
  (void)control_.send(Refused{fmt::format("{} {}: {}", error.operation, error.subject, error.reason), error.advice});
}

Result<Message> Session::read_wish() {
  auto message = control_.receive(clock_.now() + kAskTime, ended_);
  if (!message) return tl::unexpected(message.error());
  const bool is_wish = *message && (std::holds_alternative<Ask>(**message) || std::holds_alternative<Hold>(**message));
  if (is_wish) return std::move(**message);
  return failure(ErrorCode::kCorrupt, "hear from", peer_, "it asked for no test");
}

bool Session::client_is_gone() const {
  char next = 0;
  const ssize_t size = ::recv(control_.socket(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return size == 0 || (size < 0 && errno != EAGAIN);
}

bool Session::wait_for_turn(SpeedQueue::Place& place) {
  std::optional<MonotonicTime> told;
  while (!place.wait(told ? milliseconds(100) : milliseconds(0))) {
    if (ended_ || client_is_gone()) return false;
    if (told && clock_.now() - *told < kTellEach) continue;
    told = clock_.now();
    const auto ahead = place.ahead();
    if (ahead.tests > 0 && !control_.send(Wait{ahead.tests, ahead.time})) return false;
  }
  return true;
}

Status Session::gather_streams() {
  {
    const std::lock_guard lock(mutex_);
    streams_.resize(ask_.streams);
    wants_streams_ = true;
  }
  if (auto status = control_.send(Ready{token_, fmt::format("gnomon {}", version()), {}}); !status) return status;
  const auto message = control_.receive(clock_.now() + kStartTime, ended_);
  if (!message) return tl::unexpected(message.error());
  if (!*message || !std::holds_alternative<Start>(**message)) {
    return failure(ErrorCode::kUnavailable, "hear from", peer_, "it did not start the test within 15 s");
  }
  std::unique_lock lock(mutex_);
  const bool all = came_.wait_for(lock, kStreamTime, [this] {
    return std::ranges::all_of(streams_, [](const auto& stream) { return stream.valid(); });
  });
  wants_streams_ = false;
  if (all) return {};
  const auto here = std::ranges::count_if(streams_, [](const auto& stream) { return stream.valid(); });
  return failure(ErrorCode::kUnavailable, "gather streams of", peer_,
                 fmt::format("only {} of {} streams reached the server within 5 s", here, ask_.streams));
}

Status Session::prepare() {
  for (const auto& stream : streams_) {
    if (ask_.direction == schema::Direction::kUp) {
      prepare_receiver(stream.get(), ask_);
    } else if (auto status = prepare_sender(stream.get(), ask_); !status) {
      return status;
    }
  }
  return {};
}

void Session::transfer(Outcome& outcome) {
  const auto role = ask_.direction == schema::Direction::kDown ? Pump::Role::kSend : Pump::Role::kReceive;
  auto started = Pump::start(std::move(streams_), role, ask_.copy, clock_);
  if (!started) return refuse(started.error());
  Pump& pump = **started;
  outcome.ran = true;
  if (!control_.send(Start{})) return;
  const MonotonicTime begun = clock_.now();
  std::optional<Stop> stop;
  bool gone = false;
  for (MonotonicTime tick = begun; !stop && !gone && !ended_ && clock_.now() - begun < ask_.most + kPastTheEnd;) {
    tick = tick + kSampleInterval;
    const auto message = control_.receive(tick, ended_);
    if (!message) {
      gone = true;
    } else if (*message) {
      if (const auto* said = std::get_if<Stop>(&**message)) stop = *said;
    } else {
      gone = !control_.send(Seen{pump.sample()});
    }
  }
  Done done;
  done.congestion_control = net::congestion_control(pump.socket(0));
  if (const auto state = net::tcp_state(pump.socket(0))) done.mss = state->mss;
  pump.stop();
  outcome.bytes = pump.bytes();
  for (std::size_t s = 0; s < ask_.streams; ++s) abort_stream(pump.socket(s));
  if (stop) done.claim_is_false = role == Pump::Role::kSend ? stop->bytes > pump.bytes() : stop->bytes < pump.bytes();
  if (!gone) (void)control_.send(done);
}

void Session::run_test(Ask ask, Outcome& outcome) {
  ask_ = std::move(ask);
  auto place = queue_.enter(net::to_string(client_.address), ask_.most + kAround, space_);
  if (!place) {
    outcome.refused = true;
    return refuse(place.error());
  }
  if (!wait_for_turn(*place)) return;
  for (const auto step : {&Session::gather_streams, &Session::prepare}) {
    if (const auto status = (this->*step)(); !status) return refuse(status.error());
  }
  transfer(outcome);
}

void Session::run_hold(const Hold& hold, Outcome& outcome) {
  auto place = queue_.enter_session(net::to_string(client_.address), hold.most);
  if (!place) {
    outcome.refused = true;
    return refuse(place.error());
  }
  if (!wait_for_turn(*place)) return;
  if (!control_.send(Ready{token_, fmt::format("gnomon {}", version()), offers_})) return;
  const MonotonicTime end = clock_.now() + hold.most;
  while (!ended_ && clock_.now() < end && place->quiet() < kMostQuiet) {
    // The client says nothing more; it ends the turn by closing the connection.
    if (!control_.receive(std::min(end, clock_.now() + kLookAtHold), ended_)) return;
  }
}

Session::Outcome Session::run() {
  Outcome outcome;
  auto wish = read_wish();
  if (!wish) {
    refuse(wish.error());
  } else if (const auto* hold = std::get_if<Hold>(&*wish)) {
    run_hold(*hold, outcome);
  } else {
    run_test(std::get<Ask>(std::move(*wish)), outcome);
  }
  return outcome;
}

}  // namespace gnomon::methods::capacity
