#include "methods/udpst/client.h"

#include <fmt/format.h>

#include <algorithm>

#include "methods/udpst/client_handshake.h"
#include "methods/udpst/draining.h"
#include "methods/udpst/precise_wait.h"
#include "methods/udpst/receiving_end.h"
#include "methods/udpst/sending_end.h"
#include "methods/udpst/sub_interval.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

// The server ends a test half a second after its time; a client that waits longer than this has missed it.
constexpr Nanoseconds kOverdue = std::chrono::milliseconds(3500);
constexpr Nanoseconds kCancelCheck = std::chrono::milliseconds(100);
constexpr int kMostBursts = 32;  // sent before status PDUs are read again

Status check(const ClientOptions& options) {
  const auto wrong = [](std::string what, std::string advice) {
    return failure(ErrorCode::kInvalidArgument, "start a UDP capacity test", std::move(what), "out of range",
                   std::move(advice));
  };
  if (options.duration.count() < 5 || options.duration.count() > 3600) {
    return wrong(fmt::format("of {} s", options.duration.count()), "give 5 to 3600 s (RFC 9946)");
  }
  if (options.sub_interval.count() < 100 || options.sub_interval.count() > 10'000 ||
      options.sub_interval > options.duration) {
    return wrong(fmt::format("with sub-intervals of {} ms", options.sub_interval.count()), "give 100 to 10000 ms");
  }
  const auto& bandwidth = options.max_bandwidth_mbps;
  if (bandwidth && (*bandwidth == 0 || *bandwidth >= SetupPdu::kUpstreamBit)) {
    return wrong(fmt::format("with {} Mbit/s", *bandwidth), "give 1 to 32767 Mbit/s");
  }
  return {};
}

class DataPhase {
 public:
  DataPhase(const ClientOptions& options, const Clock& clock, ProgressSink* progress, LoadSocket& socket,
            UdpCapacity& result)
      : options_(options), clock_(clock), progress_(progress), socket_(socket), result_(result) {}

  void receive_load(const TestTerms& terms);
  void send_load(const TestTerms& terms, const SendingRate& first_rate, Random& random);

 private:
  [[nodiscard]] bool must_leave(MonotonicTime now);
  bool wait(MonotonicTime next) { return wait_readable(socket_.fd(), std::min(next - clock_.now(), kCancelCheck)); }
  void end(EndState state);

  const ClientOptions& options_;
  const Clock& clock_;
  ProgressSink* progress_;
  LoadSocket& socket_;
  UdpCapacity& result_;
  MonotonicTime deadline_;
  bool cancelled_ = false, overdue_ = false;
};

bool DataPhase::must_leave(MonotonicTime now) {
  cancelled_ = options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed);
  overdue_ = now >= deadline_;
  return cancelled_ || overdue_;
}

void DataPhase::end(EndState state) {
  result_.outcome = state == EndState::kPeerSilent && !overdue_ ? Outcome::kInterrupted : Outcome::kCompleted;
  if (cancelled_) result_.outcome = Outcome::kCancelled;
  result_.maximum = maximum_of(result_.sub_intervals);
  result_.sustained = sustained_of(result_.sub_intervals);
}

void DataPhase::receive_load(const TestTerms& terms) {
  ReceivingEnd end_of_test(terms, SessionClock(clock_), clock_.now(), std::nullopt);
  deadline_ = clock_.now() + terms.duration + kOverdue;
  std::array<std::byte, kStatusSize> bytes{};
  std::size_t shown = 0;
  while (end_of_test.state() == EndState::kRunning) {
    const MonotonicTime drained_by = clock_.now() + kMostDraining;
    for (int batch = 0; may_receive_more(batch, end_of_test.next_event(), drained_by, clock_); ++batch) {
      std::optional<MonotonicTime> received;
      if (socket_.receive([&](const ReceivedDatagram& datagram, const net::Endpoint*) {
            if (!received) received = clock_.now();
            if (const auto pdu = decode_load(datagram.bytes)) end_of_test.on_load(*pdu, datagram.size, *received);
          }) == 0) {
        break;
      }
    }
    const auto now = clock_.now();
    if (must_leave(now)) end_of_test.leave(now);
    if (const auto pdu = end_of_test.due(now)) {
      socket_.send(std::span(bytes).first(encode(*pdu, terms.version, bytes)));
      if (progress_ != nullptr) progress_->on_trial(end_of_test.last_trial().ip_rate);
    }
    for (; shown < end_of_test.sub_intervals().size(); ++shown) {
      if (progress_ != nullptr) progress_->on_sub_interval(end_of_test.sub_intervals()[shown]);
    }
    end_of_test.check_time(now);
    if (end_of_test.state() == EndState::kRunning) wait(end_of_test.next_event());
  }
  result_.sub_intervals = end_of_test.sub_intervals();
  result_.rtt_minimum = end_of_test.rtt_minimum();
  end(end_of_test.state());
}

void DataPhase::send_load(const TestTerms& terms, const SendingRate& first_rate, Random& random) {
  SendingEnd end_of_test(terms, SessionClock(clock_), random, clock_.now(), std::nullopt, first_rate);
  deadline_ = clock_.now() + terms.duration + kOverdue;
  const auto most = static_cast<std::size_t>(terms.duration / terms.sub_interval);
  const auto read_status = [&](MonotonicTime now) {
    socket_.receive([&](const ReceivedDatagram& datagram, const net::Endpoint*) {
      const auto pdu = decode_status(datagram.bytes);
      if (!pdu) return;
      const auto ended = end_of_test.on_status(*pdu, now);
      if (progress_ != nullptr) {
        progress_->on_trial(
            ip_rate(pdu->trial_datagrams, pdu->trial_bytes, std::chrono::microseconds(pdu->trial_us), terms.family));
      }
      if (!ended || result_.sub_intervals.size() >= most) return;
      result_.sub_intervals.push_back(to_sub_interval(*ended, terms.family));
      if (progress_ != nullptr) progress_->on_sub_interval(result_.sub_intervals.back());
    });
  };
  bool readable = false;
  while (end_of_test.state() == EndState::kRunning) {
    auto now = clock_.now();
    if (readable) read_status(now);
    if (must_leave(now)) end_of_test.stop();
    for (int i = 0; i < kMostBursts; ++i, now = clock_.now()) {
      const auto burst = end_of_test.due(now);
      if (!burst) break;
      end_of_test.sent(*burst, socket_.send_load(end_of_test.header(now), *burst));
    }
    end_of_test.check_time(now);
    readable = end_of_test.state() == EndState::kRunning && wait(end_of_test.next_event());
  }
  if (const auto rtt = end_of_test.rtt_minimum_ms()) result_.rtt_minimum = std::chrono::milliseconds(*rtt);
  result_.sender = end_of_test.account();
  end(end_of_test.state());
}

TestTerms terms_of(const ActivationPdu& agreed, const ClientOptions& options) {
  TestTerms terms;
  terms.family = options.server.address.family();
  terms.version = agreed.version;
  terms.auth_mode = options.key ? 1 : 0;
  terms.trial_interval = std::chrono::milliseconds(agreed.trial_interval_ms);
  terms.sub_interval = std::chrono::milliseconds(agreed.sub_interval_ms);
  terms.duration = std::chrono::seconds(agreed.test_seconds);
  return terms;
}

}  // namespace

Result<UdpCapacity> measure(const ClientOptions& options, const Clock& clock, ProgressSink* progress) {
  if (auto fine = check(options); !fine) return tl::unexpected(fine.error());
  const net::Endpoint any{net::Address::any(options.server.address.family()), Port{0}};
  auto socket = LoadSocket::open(any, {}, *options.space);
  if (!socket) return tl::unexpected(socket.error());
  SystemRandom random;
  const PreciseTimers precise;
  UdpCapacity result;
  result.direction = options.direction;
  result.server = options.server;
  result.protocol_version = kProtocolVersion;
  result.authenticated = options.key.has_value();
  std::optional<ClientHandshake> handshake(std::in_place, options, clock, random, *socket);
  result.outcome = handshake->run();
  if (handshake->is_late_refusal()) {
    socket = LoadSocket::open(any, {}, *options.space);
    if (!socket) return tl::unexpected(socket.error());
    handshake.emplace(options, clock, random, *socket);
    result.outcome = handshake->run();
  }
  if (handshake->error()) return tl::unexpected(*handshake->error());
  result.refusal = handshake->refusal();
  result.test_port = handshake->test_port();
  result.is_busy = handshake->is_busy();
  if (result.outcome != Outcome::kCompleted) return result;
  if (progress != nullptr) progress->on_turn();
  const auto terms = terms_of(handshake->agreed(), options);
  DataPhase phase(options, clock, progress, *socket, result);
  if (options.direction == Direction::kDown) {
    phase.receive_load(terms);
  } else {
    phase.send_load(terms, handshake->agreed().rate, random);
  }
  return result;
}

}  // namespace gnomon::methods::udpst
