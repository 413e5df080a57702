#include "methods/stamp/stamp_codec.h"

#include <algorithm>
#include <array>

#include "wire/byte_order.h"
#include "wire/icmp.h"
#include "wire/ntp_time.h"
#include "wire/stamp.h"
#include "wire/stamp_tlv.h"

namespace gnomon::methods::stamp {
namespace {

constexpr std::uint64_t kNoiseBits = 0xff;

void write_rest(wire::SenderDialect dialect, std::span<std::byte> out) {
  if (dialect == wire::SenderDialect::kTwampLight) {
    const auto padding = out.subspan(wire::kTwampSenderSize);
    std::fill(padding.begin(), padding.end(), std::byte{0});
  } else if (out.size() > wire::kStampBaseSize) {
    wire::encode_extra_padding(out.subspan(wire::kStampBaseSize));
  }
}

}  // namespace

std::uint64_t StampCodec::write(const PacketToWrite& packet, std::span<std::byte> out) {
  std::array<std::byte, 4> number{};
  wire::store(number, 0, packet.sequence);
  const auto time = wire::encode_timestamp(packet.now, wire::TimeFormat::kNtp);
  const auto noise = crypto::siphash(key_, number) & kNoiseBits;
  const auto& options = packet.spec->stamp;
  const wire::ErrorEstimate estimate{packet.clock.synchronised, wire::TimeFormat::kNtp, packet.clock.bound};
  const wire::StampSenderPacket request{packet.sequence, (time & ~kNoiseBits) | noise,
                                        wire::encode_error_estimate(estimate),
                                        options.session_id != 0 ? options.session_id : session_id_};
  const auto dialect = options.twamp_light ? wire::SenderDialect::kTwampLight : wire::SenderDialect::kStamp;
  wire::encode_stamp_request(request, dialect, out);
  write_rest(dialect, out);
  return request.timestamp;
}

Reading StampCodec::read(const net::IncomingPacket& packet, WallTime now) noexcept {
  const auto reply = wire::decode_stamp_reply(packet.bytes);
  if (!reply) return Forged{};
  Answer answer;
  answer.sequence = reply->sender.sequence;
  answer.cookie = reply->sender.timestamp;
  answer.remote_sequence = reply->sequence;
  const auto estimate = wire::decode_error_estimate(reply->error_estimate);
  if (!estimate) return answer;  // "considered corrupt": its times are not used
  ReflectorTimes times;
  times.received = wire::decode_timestamp(reply->receive_timestamp, estimate->format, now);
  times.sent = wire::decode_timestamp(reply->timestamp, estimate->format, now);
  if (estimate->synchronised) times.clock_error = estimate->error;
  answer.reflector = times;
  return answer;
}

Reading StampCodec::read(const net::ReportedError& error) noexcept {
  if (!wire::is_icmp_error(family_, error.type) || error.bytes.size() < sizeof(std::uint32_t)) return NotOurs{};
  Refusal refusal;
  refusal.to = error.to;
  refusal.sequence = wire::load<std::uint32_t>(error.bytes, 0);
  if (error.bytes.size() >= 12) refusal.cookie = wire::load<std::uint64_t>(error.bytes, 4);
  refusal.reporter = error.reporter;
  refusal.reason = wire::icmp_error_text(family_, error.type, error.code);
  return refusal;
}

}  // namespace gnomon::methods::stamp
