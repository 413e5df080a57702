#include "methods/capacity/client.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include "methods/capacity/line_channel.h"
#include "methods/capacity/pump.h"
#include "methods/capacity/socket.h"
#include "methods/radio_state.h"
#include "net/socket_name.h"
#include "net/tcp_state.h"

namespace gnomon::methods::capacity {

namespace {

using schema::AccessOutcome;
using schema::Direction;
using std::chrono::seconds;

constexpr Nanoseconds kConnectTime = seconds(5);
constexpr Nanoseconds kAnswerTime = seconds(10);  // for what the server does at once
constexpr Nanoseconds kSilence = seconds(5);      // of streams, or of the server, that ends a test

Ask ask_of(const ClientOptions& options) {
  Ask ask;
  ask.direction = options.direction;
  ask.streams = options.streams;
  ask.most = options.most;
  ask.congestion_control = options.congestion_control;
  ask.pace_bps = options.pace_bps;
  ask.window_bytes = options.window_bytes;
  ask.copy = options.copy;
  return ask;
}

Status check(const ClientOptions& options) {
  constexpr std::string_view kOperation = "start a speed test";
  const auto wrong = [&](std::string what, std::string reason) {
    return failure(ErrorCode::kInvalidArgument, std::string(kOperation), std::move(what), std::move(reason));
  };
  if (options.streams == 0 || options.streams > kMostStreams) {
    return wrong(fmt::format("{} streams", options.streams), fmt::format("1 to {} are possible", kMostStreams));
  }
  if (options.most <= Nanoseconds{} || options.most > kLongestTest) return wrong("time", "above 0 and at most 60 s");
  return {};
}

using Step = Measured<void>;

tl::unexpected<TestFailure> not_begun(Error error, AccessOutcome outcome) {
  return tl::unexpected(TestFailure(std::move(error), outcome));
}

// A connection that was refused or cut, or a server that breaks the protocol: there is no such service to be reached.
AccessOutcome outcome_of(const Error& error, const AccessOutcome silent) {
  return error.code == ErrorCode::kUnavailable ? silent : outcome_of_reaching(error.code);
}

class Test {
 public:
  Test(const ClientOptions& options, const Clock& clock, TransferSink& sink, const std::atomic<bool>& cancelled)
      : options_(options), ask_(ask_of(options)), clock_(clock), sink_(sink), cancelled_(cancelled) {}

  Measured<TcpCapacity> run() {
    auto socket =
        connect_to(*options_.space, options_.server, {Hello::Kind::kControl, 0, {}}, 0, kConnectTime, cancelled_);
    if (!socket) return failed({socket.error(), outcome_of(socket.error(), AccessOutcome::kTimedOut)});
    out_.server = options_.server;
    out_.local = net::local_endpoint(socket->get()).value_or(net::Endpoint{});
    out_.transfer.direction = options_.direction;
    out_.transfer.streams = options_.streams;
    out_.transfer.paced_by_sender = options_.pace_bps > 0;
    out_.transfer.pace_bps = static_cast<double>(options_.pace_bps);
    control_.emplace(std::move(*socket), net::to_string(options_.server), clock_);
    for (const auto step : {&Test::get_turn, &Test::open_streams, &Test::begin}) {
      if (auto status = (this->*step)(); !status) return failed(status.error());
      if (out_.ending == Ending::kCancelled) return std::move(out_);
    }
    transfer();
    finish();
    return std::move(out_);
  }

 private:
  // Who stops a test that has not begun gets no error.
  Measured<TcpCapacity> failed(TestFailure failure) {
    if (!cancelled_) return tl::unexpected(std::move(failure));
    out_.ending = Ending::kCancelled;
    return std::move(out_);
  }

  Step unexpected_message() const {
    return not_begun(
        failure(ErrorCode::kCorrupt, "hear from", net::to_string(options_.server), "a message came out of turn")
            .value(),
        AccessOutcome::kRefused);
  }
  // The server went away in the middle of what it had begun to say.
  static Step lost(const Error& error) { return not_begun(error, outcome_of(error, AccessOutcome::kUnreachable)); }
  Step refused(const Refused& by_server) const {
    return not_begun(failure(ErrorCode::kUnavailable, "test with", net::to_string(options_.server), by_server.reason,
                             by_server.advice)
                         .value(),
                     AccessOutcome::kRefused);
  }
  Step silent(std::string operation, std::string reason, std::string advice = {}) const {
    return not_begun(failure(ErrorCode::kUnavailable, std::move(operation), net::to_string(options_.server),
                             std::move(reason), std::move(advice))
                         .value(),
                     AccessOutcome::kTimedOut);
  }

  // Waits in line until the server is ready. A server that makes us wait says so each second.
  Step get_turn() {
    if (auto status = control_->send(ask_); !status) return lost(status.error());
    const MonotonicTime asked = clock_.now();
    while (true) {
      const MonotonicTime silent_at = clock_.now() + kAnswerTime;
      auto message = control_->receive(std::min(asked + options_.patience, silent_at), cancelled_);
      if (!message) return lost(message.error());
      if (!*message && cancelled_) {
        out_.ending = Ending::kCancelled;
        return {};
      }
      if (!*message && clock_.now() < asked + options_.patience) {
        return silent("wait for a test of", "it took the connection and then said nothing for 10 s",
                      "see whether it still runs and is reached");
      }
      if (!*message) {
        return silent("wait for a test of", "it was not our turn within the time that we wait",
                      "try again when fewer people test");
      }
      if (const auto* wait = std::get_if<Wait>(&**message)) {
        sink_.on_wait(wait->tests, wait->time);
      } else if (const auto* no = std::get_if<Refused>(&**message)) {
        return refused(*no);
      } else if (auto* ready = std::get_if<Ready>(&**message)) {
        token_ = ready->token;
        out_.server_program = std::move(ready->program);
        out_.waited = clock_.now() - asked;
        return {};
      } else {
        return unexpected_message();
      }
    }
  }

  Step open_streams() {
    sink_.on_turn();
    for (std::uint32_t s = 0; s < options_.streams; ++s) {
      const std::uint32_t window = options_.direction == Direction::kDown ? options_.window_bytes : 0;
      auto stream =
          connect_to(*options_.space, options_.server, {Hello::Kind::kStream, static_cast<std::uint16_t>(s), token_},
                     window, kConnectTime, cancelled_);
      if (!stream) return not_begun(stream.error(), outcome_of(stream.error(), AccessOutcome::kTimedOut));
      if (options_.direction == Direction::kDown) {
        prepare_receiver(stream->get(), ask_);
      } else if (auto status = prepare_sender(stream->get(), ask_); !status) {
        return not_begun(status.error(), AccessOutcome::kNotRun);
      }
      streams_.push_back(std::move(*stream));
    }
    if (const auto state = net::tcp_state(control_->socket())) out_.idle_rtt = state->min_rtt;
    return {};
  }

  Step begin() {
    if (auto status = control_->send(Start{}); !status) return lost(status.error());
    const auto message = control_->receive(clock_.now() + kAnswerTime, cancelled_);
    if (!message) return lost(message.error());
    if (!*message) return silent("start a test with", "it did not begin within 10 s");
    if (const auto* no = std::get_if<Refused>(&**message)) return refused(*no);
    if (!std::holds_alternative<Start>(**message)) return unexpected_message();
    const auto role = options_.direction == Direction::kDown ? Pump::Role::kReceive : Pump::Role::kSend;
    auto pump = Pump::start(std::move(streams_), role, options_.copy, clock_);
    if (!pump) return not_begun(pump.error(), AccessOutcome::kNotRun);
    pump_ = std::move(*pump);
    return {};
  }

  // Until the time is over, the sink has enough, or nothing comes any more.
  void transfer() {
    const MonotonicTime begun = clock_.now();
    MonotonicTime tick = begun;
    heard_ = moved_ = begun;
    for (bool more = true; more;) {
      tick = tick + kSampleInterval;
      more = listen_until(tick) && look(begun);
    }
    if (out_.ending == Ending::kPeerGone) forget_silence();
  }

  // The transfer ends with its last byte: the time spent waiting for more says nothing of its rate.
  void forget_silence() {
    auto& samples = out_.transfer.samples;
    while (samples.size() > 1 && samples[samples.size() - 2].received_bytes == samples.back().received_bytes) {
      samples.pop_back();
    }
  }

  bool end_as(Ending ending, std::string reason = {}) {
    out_.ending = ending;
    out_.reason = std::move(reason);
    return false;
  }

  // Takes what the server has seen; false when it is gone.
  bool listen_until(MonotonicTime tick) {
    while (true) {
      const auto message = control_->receive(tick, cancelled_);
      if (!message) return end_as(Ending::kPeerGone, message.error().message());
      if (!*message) return cancelled_ ? end_as(Ending::kCancelled) : true;
      if (const auto* seen = std::get_if<Seen>(&**message)) take(seen->sample);
    }
  }

  void take(const schema::TransferSample& from_server) {
    heard_ = clock_.now();
    theirs_ = from_server;
    if (options_.direction == Direction::kDown) return;
    const auto own = pump_->sample();
    schema::TransferSample sample = from_server;
    sample.tcp = own.tcp;
    sample.sender_cpu = own.sender_cpu;
    add(sample);
  }

  void add(const schema::TransferSample& sample) {
    auto& samples = out_.transfer.samples;
    if (sample.received_bytes == 0) return;
    if (samples.empty() || sample.received_bytes > samples.back().received_bytes) moved_ = clock_.now();
    if (samples.empty() || sample.at > samples.back().at) samples.push_back(sample);
  }

  // At each tick: own sample, and whether to go on.
  bool look(MonotonicTime begun) {
    if (options_.direction == Direction::kDown) {
      auto sample = pump_->sample();
      sample.tcp = theirs_.tcp;
      sample.sender_cpu = theirs_.sender_cpu;
      add(sample);
    }
    const auto& samples = out_.transfer.samples;
    if (clock_.now() - moved_ > kSilence) {
      if (samples.empty()) return end_as(Ending::kNothing);
      return end_as(Ending::kPeerGone, "nothing came through for 5 s");
    }
    if (clock_.now() - heard_ > kSilence) return end_as(Ending::kPeerGone, "the server said nothing for 5 s");
    if (pump_->open_streams() == 0) return end_as(Ending::kPeerGone, "the server closed the streams");
    if (samples.empty()) return true;
    return !sink_.on_sample(out_.transfer) && clock_.now() - begun < options_.most;
  }

  // While the line is still loaded: an idle radio negotiates less.
  void note_radio() {
    const auto radio = net::radio_towards(*options_.space, options_.server.address);
    if (radio) out_.transfer.radio = radio_state(*radio, options_.direction);
  }

  void finish() {
    note_radio();
    out_.congestion_control = net::congestion_control(pump_->socket(0));
    if (const auto state = net::tcp_state(pump_->socket(0))) out_.mss = state->mss;
    pump_->stop();
    const std::uint64_t counted = pump_->bytes();
    if (options_.direction == Direction::kUp) ::shutdown(pump_->socket(0), SHUT_WR);
    if (out_.ending == Ending::kPeerGone || !control_->send(Stop{counted})) return;
    static const std::atomic<bool> kNever{false};
    const MonotonicTime deadline = clock_.now() + kSilence;
    while (true) {
      const auto message = control_->receive(deadline, kNever);
      if (!message || !*message) return;
      const auto* done = std::get_if<Done>(&**message);
      if (done == nullptr) continue;
      out_.counts_disagree = done->claim_is_false;
      if (options_.direction == Direction::kUp) return;
      out_.congestion_control = done->congestion_control;
      out_.mss = done->mss;
      return;
    }
  }

  const ClientOptions& options_;
  const Ask ask_;
  const Clock& clock_;
  TransferSink& sink_;
  const std::atomic<bool>& cancelled_;
  TcpCapacity out_;
  std::optional<LineChannel> control_;
  Token token_{};
  std::vector<net::FileDescriptor> streams_;
  std::unique_ptr<Pump> pump_;
  schema::TransferSample theirs_;  // newest of the server
  MonotonicTime heard_, moved_;    // when the server spoke, when bytes came through
};

}  // namespace

Measured<TcpCapacity> measure(const ClientOptions& options, const Clock& clock, TransferSink& sink,
                              const std::atomic<bool>& cancelled) {
  if (auto status = check(options); !status) return not_begun(status.error(), AccessOutcome::kNotRun);
  return Test(options, clock, sink, cancelled).run();
}

}  // namespace gnomon::methods::capacity
