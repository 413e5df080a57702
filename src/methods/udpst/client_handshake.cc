#include "methods/udpst/client_handshake.h"

#include <fmt/format.h>

#include <array>

#include "methods/udpst/precise_wait.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr int kTries = 3;
constexpr Nanoseconds kTryTime = std::chrono::seconds(1);
constexpr Nanoseconds kCancelCheck = std::chrono::milliseconds(100);
constexpr int kMostProfileChanges = 2;
constexpr const char* kUnsigned =
    "its answer is not signed with our key; compare keys, key ids and clocks at both ends";

// The server may change what was asked for, but not to what no test can be run with.
bool is_usable(const ActivationPdu& answer) {
  return answer.trial_interval_ms >= 5 && answer.trial_interval_ms <= 250 && answer.test_seconds >= 1 &&
         answer.test_seconds <= 3600 && answer.sub_interval_ms >= 100 && answer.sub_interval_ms <= 10'000 &&
         is_sane(answer.rate);
}

}  // namespace

std::string describe(SetupResponse response, std::uint16_t server_version) {
  switch (response) {
    case SetupResponse::kNone:
    case SetupResponse::kAccepted:
      break;
    case SetupResponse::kBadVersion:
      return fmt::format("it speaks protocol version {}", server_version);
    case SetupResponse::kBadJumbo:
      return "it wants another setting for jumbo datagrams";
    case SetupResponse::kAuthNotConfigured:
      return "it does not use authentication; leave out the key";
    case SetupResponse::kAuthRequired:
      return "it wants authentication; give a key";
    case SetupResponse::kAuthInvalid:
      return "it does not know this mode of authentication";
    case SetupResponse::kAuthFailure:
      return "it does not accept the key; compare keys and key ids at both ends";
    case SetupResponse::kAuthTime:
      return "the clocks of both ends are more than 5 s apart";
    case SetupResponse::kNoMaxBandwidth:
      return "it wants to know the bandwidth that the test may use";
    case SetupResponse::kCapacityExceeded:
      return "the bandwidth asked for is more than it has left; try again later";
    case SetupResponse::kBadMtu:
      return "it wants another setting for packets of 1500 bytes";
    case SetupResponse::kBadConnectionCount:
      return "it does not accept the number of connections";
    case SetupResponse::kNoConnection:
      return "it is busy with another test; try again later";
  }
  return fmt::format("it answered with code {}", static_cast<int>(response));
}

ClientHandshake::ClientHandshake(const ClientOptions& options, const Clock& clock, Random& random, LoadSocket& socket)
    : options_(options),
      clock_(clock),
      socket_(socket),
      ident_(static_cast<std::uint16_t>(random.next() | 1)),
      profile_(options.profile) {}

bool ClientHandshake::cancelled() const {
  return options_.cancel != nullptr && options_.cancel->load(std::memory_order_relaxed);
}

Outcome ClientHandshake::refused(std::string why) {
  refusal_ = std::move(why);
  return Outcome::kRefused;
}

Outcome ClientHandshake::run() {
  const auto set = set_up();
  return set == Outcome::kCompleted ? activate() : set;
}

SetupPdu ClientHandshake::setup_request() const {
  SetupPdu pdu;
  pdu.connection_ident = ident_;
  pdu.jumbo = profile_.jumbo;
  pdu.traditional_mtu = profile_.traditional_mtu;
  if (options_.max_bandwidth_mbps) {
    pdu.max_bandwidth = *options_.max_bandwidth_mbps;
    if (options_.direction == Direction::kUp) pdu.max_bandwidth |= SetupPdu::kUpstreamBit;
  }
  return pdu;
}

void ClientHandshake::sign_request(std::span<std::byte> pdu, std::size_t offset) const {
  if (!options_.key) return;
  sign(pdu, offset, keys_.client, options_.key->id, unix_seconds(clock_.wall()));
}

bool ClientHandshake::is_signed(std::span<const std::byte> pdu, std::size_t offset) const {
  return !options_.key || verify(pdu, offset, keys_.server, clock_.wall()) == AuthVerdict::kGood;
}

bool ClientHandshake::exchange(std::span<const std::byte> request, const net::Endpoint* to,
                               const std::function<bool(std::span<const std::byte>)>& visit) {
  bool done = false;
  for (int attempt = 0; attempt < kTries && !done; ++attempt) {
    // A refusal by ICMP shows as silence: a firewall's answer is not the server's.
    to != nullptr ? socket_.send_to(request, *to) : socket_.send(request);
    const auto until = clock_.now() + kTryTime;
    while (!done && clock_.now() < until && !cancelled()) {
      wait_readable(socket_.fd(), std::min(until - clock_.now(), kCancelCheck));
      socket_.receive([&](const ReceivedDatagram& datagram, const net::Endpoint* from) {
        if (!done && (to == nullptr || (from != nullptr && from->address.same_host(to->address)))) {
          done = visit(datagram.bytes);
        }
      });
    }
    // An answer that is not signed is not believed at once: the right one may come yet.
    if (unsigned_answer_) break;
  }
  return done;
}

bool ClientHandshake::try_other_profile(SetupResponse response) {
  if (profile_changes_ >= kMostProfileChanges) return false;
  if (response == SetupResponse::kBadJumbo) {
    profile_.jumbo = !profile_.jumbo;
  } else if (response == SetupResponse::kBadMtu) {
    profile_.traditional_mtu = !profile_.traditional_mtu;
  } else {
    return false;
  }
  ++profile_changes_;
  return true;
}

Outcome ClientHandshake::set_up() {
  std::array<std::byte, kSetupSize> request{};
  encode(setup_request(), request);
  if (options_.key) keys_ = derive_keys(options_.key->secret, unix_seconds(clock_.wall()));
  sign_request(request, kSetupAuthOffset);
  setup_answer_.reset();
  std::optional<SetupPdu> unsigned_answer;
  const bool answered = exchange(request, &options_.server, [&](std::span<const std::byte> bytes) {
    const auto pdu = decode_setup(bytes);
    if (!pdu || pdu->command != SetupCommand::kResponse || pdu->connection_ident != ident_) return false;
    if (!is_signed(bytes, kSetupAuthOffset)) {
      unsigned_answer = *pdu;
      unsigned_answer_ = true;
      return false;
    }
    setup_answer_ = *pdu;
    return true;
  });
  if (!answered && cancelled()) return Outcome::kCancelled;
  if (!answered && !unsigned_answer) return Outcome::kNoAnswer;
  if (!answered) {
    const bool accepted = unsigned_answer->response == SetupResponse::kAccepted;
    return refused(accepted ? kUnsigned : describe(unsigned_answer->response, unsigned_answer->version));
  }
  if (try_other_profile(setup_answer_->response)) return set_up();
  is_busy_ = setup_answer_->response == SetupResponse::kNoConnection;
  if (setup_answer_->response != SetupResponse::kAccepted) {
    return refused(describe(setup_answer_->response, setup_answer_->version));
  }
  if (setup_answer_->test_port.value == 0) return refused("it named no port for the test");
  if (auto connected = socket_.connect({options_.server.address, setup_answer_->test_port}); !connected) {
    error_ = connected.error();
    return Outcome::kNoAnswer;
  }
  return Outcome::kCompleted;
}

ActivationPdu ClientHandshake::activation_request() const {
  const auto& search = options_.search;
  ActivationPdu pdu;
  pdu.command = options_.direction == Direction::kUp ? ActivationCommand::kUpstream : ActivationCommand::kDownstream;
  pdu.low_threshold_ms = static_cast<std::uint16_t>(search.low_threshold_ms);
  pdu.upper_threshold_ms = static_cast<std::uint16_t>(search.upper_threshold_ms);
  pdu.test_seconds = static_cast<std::uint16_t>(options_.duration.count());
  pdu.sub_interval_ms = static_cast<std::uint16_t>(options_.sub_interval.count());
  pdu.rate_index = search.rate_index;
  pdu.index_is_start = search.index_is_start;
  pdu.use_one_way_delay = search.use_one_way_delay;
  pdu.high_speed_delta = static_cast<std::uint8_t>(search.high_speed_delta);
  pdu.slow_adjust_threshold = static_cast<std::uint16_t>(search.slow_adjust_threshold);
  pdu.sequence_error_threshold = static_cast<std::uint16_t>(search.sequence_error_threshold);
  pdu.ignore_reordering = search.ignore_reordering;
  pdu.algorithm = static_cast<std::uint8_t>(search.algorithm);
  pdu.suppressed_sub_intervals = static_cast<std::uint16_t>(search.suppressed_sub_intervals);
  return pdu;
}

Outcome ClientHandshake::activate() {
  std::array<std::byte, kActivationSize> request{};
  encode(activation_request(), request);
  sign_request(request, kActivationAuthOffset);
  unsigned_answer_ = false;
  const bool answered = exchange(request, nullptr, [&](std::span<const std::byte> bytes) {
    const auto pdu = decode_activation(bytes);
    if (!pdu || pdu->response == ActivationResponse::kNone) return false;
    unsigned_answer_ = !is_signed(bytes, kActivationAuthOffset);
    if (!unsigned_answer_) activation_answer_ = *pdu;
    return !unsigned_answer_;
  });
  if (!answered && cancelled()) return Outcome::kCancelled;
  if (!answered) return unsigned_answer_ ? refused(kUnsigned) : Outcome::kNoAnswer;
  if (activation_answer_->response != ActivationResponse::kAccepted) {
    is_late_refusal_ = true;
    return refused("it does not accept the test's parameters, or has begun another test");
  }
  if (!is_usable(*activation_answer_)) return refused("it answered with parameters that no test can have");
  agreed_ = *activation_answer_;
  return Outcome::kCompleted;
}

}  // namespace gnomon::methods::udpst
