#include "methods/stamp/reflection.h"

#include <algorithm>
#include <array>

#include "wire/ntp_time.h"
#include "wire/stamp.h"
#include "wire/stamp_tlv.h"

namespace gnomon::methods::stamp {
namespace {

constexpr std::uint16_t kFirstUserPort = 1024;
constexpr std::size_t kSenderTimestamp = 28;  // in an answer: RFC 8762 §4.3.1
constexpr std::uint32_t kOwnAnswerSeconds = 60;

// An answer to an answer: it brings back a time that we sent ourselves, a moment ago. Two reflectors on user ports, set
// upon each other by one packet with a forged source, would otherwise play for ever. Chance: 60 in 2^32.
bool is_our_own_answer(std::span<const std::byte> payload, std::uint64_t now) {
  std::uint32_t seconds = 0;  // of NTP, from the upper half of the timestamp; wraps
  for (const std::byte byte : payload.subspan(kSenderTimestamp, 4)) {
    seconds = seconds << 8 | std::to_integer<std::uint32_t>(byte);
  }
  return static_cast<std::uint32_t>(now >> 32) - seconds < kOwnAnswerSeconds;
}

net::Address network_of(const net::Address& source) {
  if (source.family() == Family::kIpv4) return source;
  std::array<std::byte, 16> bytes{};
  std::copy_n(source.bytes().begin(), 8, bytes.begin());
  return net::Address::v6(bytes);
}

}  // namespace

bool SourceLimits::admit(const net::Address& source, MonotonicTime now) {
  return take(bucket_of(network_of(source), now), now);
}

bool SourceLimits::take(Bucket& bucket, MonotonicTime now) const {
  const double seconds = std::chrono::duration<double>(now - bucket.filled).count();
  bucket.tokens = std::min(rate_, bucket.tokens + seconds * rate_);
  bucket.filled = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

SourceLimits::Bucket& SourceLimits::bucket_of(const net::Address& source, MonotonicTime now) {
  const auto found = buckets_.find(source);
  if (found != buckets_.end()) return found->second;
  if (buckets_.size() >= limit_ && now - cleaned_ >= std::chrono::seconds(1)) {
    // A source silent for a second has a full bucket again: forgetting it changes nothing.
    cleaned_ = now;
    std::erase_if(buckets_, [now](const auto& entry) { return now - entry.second.filled >= std::chrono::seconds(1); });
  }
  if (buckets_.size() >= limit_) return others_;
  return buckets_.emplace(source, Bucket{rate_, now}).first->second;
}

std::size_t SessionKeyHash::operator()(const SessionKey& key) const noexcept {
  const auto sender = std::hash<net::Endpoint>{}(key.sender);
  return (sender * 31 + std::hash<net::Address>{}(key.local)) * 31 + (key.socket << 16 | key.session_id);
}

std::optional<std::uint32_t> Sessions::next(const SessionKey& key, MonotonicTime now) {
  auto found = sessions_.find(key);
  if (found == sessions_.end()) {
    if (sessions_.size() >= limit_) expire(now);
    if (sessions_.size() >= limit_) return std::nullopt;
    found = sessions_.emplace(key, Session{}).first;
  } else if (now - found->second.last > timeout_) {
    found->second.next = 0;
  }
  found->second.last = now;
  return found->second.next++;
}

void Sessions::expire(MonotonicTime now) {
  // At most once a second, so that a flood of new senders does not buy a walk over the table with each packet.
  if (now - expired_ < std::chrono::seconds(1)) return;
  expired_ = now;
  std::erase_if(sessions_, [&](const auto& entry) { return now - entry.second.last > timeout_; });
}

// Well-known ports belong to services, our own port to other reflectors: answering them could start an endless
// exchange.
bool Reflection::acceptable(const net::IncomingPacket& request, const ReflectorPort& at) const {
  const auto port = request.from.port;
  return request.unicast && request.destination && !request.from.address.is_multicast() && port != at.port &&
         port.value >= kFirstUserPort;
}

ReflectorCounters Reflection::counters() const {
  auto counters = counters_;
  counters.sessions = sessions_.size();
  return counters;
}

bool Reflection::reflect(const net::IncomingPacket& request, const ReflectorPort& at, const ReflectionTimes& times,
                         std::span<std::byte> payload) {
  ++counters_.received;
  const auto decoded = wire::decode_stamp_request(payload);
  // An answer below this size tells a sender nothing, and a longer one would make an amplifier.
  if (!decoded || payload.size() < wire::kLeastReflectedSize) {
    ++counters_.malformed;
    return false;
  }
  const std::uint64_t now = wire::encode_timestamp(times.received, wire::TimeFormat::kNtp);
  if (!acceptable(request, at) || is_our_own_answer(payload, now)) {
    ++counters_.refused;
    return false;
  }
  if (!limits_.admit(request.from.address, times.now)) {
    ++counters_.rate_limited;
    return false;
  }
  wire::StampReflectorPacket reply;
  reply.sequence = decoded->packet.sequence;
  reply.session_id = decoded->packet.session_id;
  if (stateful_) {
    const SessionKey key{request.from, *request.destination, at.socket, decoded->packet.session_id};
    reply.sequence = sessions_.next(key, times.now).value_or(reply.sequence);
  }
  reply.timestamp = wire::encode_timestamp(times.sent, wire::TimeFormat::kNtp);
  reply.receive_timestamp = now;
  reply.error_estimate =
      wire::encode_error_estimate({times.clock.synchronised, wire::TimeFormat::kNtp, times.clock.bound});
  reply.sender = decoded->packet;
  reply.sender_ttl = request.ttl;
  wire::encode_stamp_reply(reply, decoded->dialect, payload);
  if (decoded->dialect == wire::SenderDialect::kStamp) {
    wire::mark_stamp_tlvs(payload.subspan(wire::kStampBaseSize));
  }
  ++counters_.answered;
  return true;
}

}  // namespace gnomon::methods::stamp
