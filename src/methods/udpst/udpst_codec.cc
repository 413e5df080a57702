#include "methods/udpst/udpst_codec.h"

#include <algorithm>

#include "methods/udpst/codec_parts.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint8_t kJumboBit = 0x01, kTraditionalMtuBit = 0x02;  // of a setup's modifiers
constexpr std::uint8_t kIndexIsStartBit = 0x01, kRandomPayloadBit = 0x02;
constexpr std::uint16_t kFirstWithMilliseconds = 20;  // before: the sub-interval in seconds, no authentication here

std::uint8_t flags(bool first, bool second) noexcept {
  return static_cast<std::uint8_t>((first ? 1 : 0) | (second ? 2 : 0));
}

// Bytes 4 to 27, the same in all versions; returns the sub-interval in seconds of old ones.
std::uint8_t take_parameters(FieldReader& in, ActivationPdu& pdu) noexcept {
  pdu.command = static_cast<ActivationCommand>(in.take<std::uint8_t>());
  pdu.response = static_cast<ActivationResponse>(in.take<std::uint8_t>());
  pdu.low_threshold_ms = in.take<std::uint16_t>();
  pdu.upper_threshold_ms = in.take<std::uint16_t>();
  pdu.trial_interval_ms = in.take<std::uint16_t>();
  pdu.test_seconds = in.take<std::uint16_t>();
  const auto old_sub_interval = in.take<std::uint8_t>();
  pdu.traffic_class = in.take<std::uint8_t>();
  pdu.rate_index = in.take<std::uint16_t>();
  pdu.use_one_way_delay = in.take<std::uint8_t>() == 1;
  pdu.high_speed_delta = in.take<std::uint8_t>();
  pdu.slow_adjust_threshold = in.take<std::uint16_t>();
  pdu.sequence_error_threshold = in.take<std::uint16_t>();
  pdu.ignore_reordering = in.take<std::uint8_t>() == 1;
  const auto modifiers = in.take<std::uint8_t>();
  pdu.index_is_start = (modifiers & kIndexIsStartBit) != 0;
  pdu.random_payload = (modifiers & kRandomPayloadBit) != 0;
  pdu.algorithm = in.take<std::uint8_t>();
  pdu.ce_threshold = in.take<std::uint8_t>();
  pdu.rate = take_rate(in);
  return old_sub_interval;
}

void put_parameters(FieldWriter& out, const ActivationPdu& pdu) noexcept {
  const bool old = pdu.version < kFirstWithMilliseconds;
  out.put(static_cast<std::uint8_t>(pdu.command)).put(static_cast<std::uint8_t>(pdu.response));
  out.put(pdu.low_threshold_ms).put(pdu.upper_threshold_ms).put(pdu.trial_interval_ms).put(pdu.test_seconds);
  out.put(static_cast<std::uint8_t>(old ? pdu.sub_interval_ms / 1000 : 0)).put(pdu.traffic_class).put(pdu.rate_index);
  out.put(static_cast<std::uint8_t>(pdu.use_one_way_delay)).put(pdu.high_speed_delta);
  out.put(pdu.slow_adjust_threshold).put(pdu.sequence_error_threshold);
  out.put(static_cast<std::uint8_t>(pdu.ignore_reordering)).put(flags(pdu.index_is_start, pdu.random_payload));
  out.put(pdu.algorithm).put(static_cast<std::uint8_t>(old ? 0 : pdu.ce_threshold));
  put_rate(out, pdu.rate);
}

}  // namespace

wire::Decoded<SetupPdu> decode_setup(std::span<const std::byte> payload) noexcept {
  if (payload.size() != kSetupSize) return wire::malformed("a setup PDU has 56 bytes", payload.size());
  if (!has_id(payload, PduId::kSetup)) return wire::malformed("not the identifier of a setup PDU", 0);
  SetupPdu pdu;
  FieldReader in(payload);
  in.skip(2);
  pdu.version = in.take<std::uint16_t>();
  pdu.connection_index = in.take<std::uint8_t>();
  pdu.connection_count = in.take<std::uint8_t>();
  pdu.connection_ident = in.take<std::uint16_t>();
  pdu.command = static_cast<SetupCommand>(in.take<std::uint8_t>());
  if (pdu.command != SetupCommand::kRequest && pdu.command != SetupCommand::kResponse) {
    return wire::malformed("neither a setup request nor a response", 8);
  }
  pdu.response = static_cast<SetupResponse>(in.take<std::uint8_t>());
  pdu.max_bandwidth = in.take<std::uint16_t>();
  pdu.test_port = Port{in.take<std::uint16_t>()};
  const auto modifiers = in.take<std::uint8_t>();
  pdu.jumbo = (modifiers & kJumboBit) != 0;
  pdu.traditional_mtu = (modifiers & kTraditionalMtuBit) != 0;
  pdu.auth = take_authentication(in);
  if (!checksum_holds(payload, 54)) return wire::malformed("wrong checksum", 54);
  return pdu;
}

wire::Decoded<NullPdu> decode_null(std::span<const std::byte> payload) noexcept {
  if (payload.size() != kNullSize) return wire::malformed("a null PDU has 48 bytes", payload.size());
  if (!has_id(payload, PduId::kNull)) return wire::malformed("not the identifier of a null PDU", 0);
  NullPdu pdu;
  FieldReader in(payload);
  in.skip(2);
  pdu.version = in.take<std::uint16_t>();
  in.skip(3);
  pdu.auth = take_authentication(in);
  if (!checksum_holds(payload, 46)) return wire::malformed("wrong checksum", 46);
  return pdu;
}

wire::Decoded<ActivationPdu> decode_activation(std::span<const std::byte> payload) noexcept {
  if (payload.size() != kActivationSize && payload.size() != kOldActivationSize) {
    return wire::malformed("an activation PDU has 104 or 60 bytes", payload.size());
  }
  if (!has_id(payload, PduId::kActivation)) return wire::malformed("not the identifier of an activation PDU", 0);
  ActivationPdu pdu;
  FieldReader in(payload);
  in.skip(2);
  pdu.version = in.take<std::uint16_t>();
  const bool old = payload.size() == kOldActivationSize;
  if (old != (pdu.version < kFirstWithMilliseconds)) return wire::malformed("size and version do not agree", 2);
  const auto old_sub_interval = take_parameters(in, pdu);
  if (pdu.command != ActivationCommand::kUpstream && pdu.command != ActivationCommand::kDownstream) {
    return wire::malformed("neither an upstream nor a downstream test", 4);
  }
  if (old) {
    pdu.sub_interval_ms = static_cast<std::uint16_t>(1000 * std::min<int>(old_sub_interval, 65));
    pdu.ce_threshold = 0;
    if (!checksum_holds(payload, 58)) return wire::malformed("wrong checksum", 58);
    return pdu;
  }
  pdu.sub_interval_ms = in.take<std::uint16_t>();
  in.skip(2);
  pdu.suppressed_sub_intervals = in.take<std::uint16_t>();
  in.skip(1);
  pdu.auth = take_authentication(in);
  if (!checksum_holds(payload, 102)) return wire::malformed("wrong checksum", 102);
  return pdu;
}

wire::Decoded<LoadPdu> decode_load(std::span<const std::byte> payload) noexcept {
  if (payload.size() < kLoadHeaderSize) return wire::malformed("a load PDU has 32 bytes or more", payload.size());
  if (!has_id(payload, PduId::kLoad)) return wire::malformed("not the identifier of a load PDU", 0);
  const auto header = payload.first(kLoadHeaderSize);
  LoadPdu pdu;
  FieldReader in(header);
  in.skip(2);
  const auto action = in.take<std::uint8_t>();
  if (action > static_cast<std::uint8_t>(TestAction::kStop)) return wire::malformed("no such test action", 2);
  pdu.action = static_cast<TestAction>(action);
  const auto stopped = in.take<std::uint8_t>();
  if (stopped > 1) return wire::malformed("neither true nor false", 3);
  pdu.receive_stopped = stopped == 1;
  pdu.sequence = in.take<std::uint32_t>();
  pdu.payload = in.take<std::uint16_t>();
  pdu.status_errors = in.take<std::uint16_t>();
  pdu.status_time.seconds = in.take<std::uint32_t>();
  pdu.status_time.nanoseconds = in.take<std::uint32_t>();
  pdu.time.seconds = in.take<std::uint32_t>();
  pdu.time.nanoseconds = in.take<std::uint32_t>();
  pdu.response_delay_ms = in.take<std::uint16_t>();
  if (!checksum_holds(header, 30)) return wire::malformed("wrong checksum", 30);
  return pdu;
}

std::size_t encode(const SetupPdu& pdu, std::span<std::byte> out) noexcept {
  FieldWriter fields(out);
  fields.put(static_cast<std::uint16_t>(PduId::kSetup)).put(pdu.version);
  fields.put(pdu.connection_index).put(pdu.connection_count).put(pdu.connection_ident);
  fields.put(static_cast<std::uint8_t>(pdu.command)).put(static_cast<std::uint8_t>(pdu.response));
  fields.put(pdu.max_bandwidth).put(pdu.test_port.value).put(flags(pdu.jumbo, pdu.traditional_mtu));
  put_authentication(fields, pdu.auth);
  return fields.written();
}

std::size_t encode(const NullPdu& pdu, std::span<std::byte> out) noexcept {
  FieldWriter fields(out);
  fields.put(static_cast<std::uint16_t>(PduId::kNull)).put(pdu.version);
  fields.put(std::uint8_t{1}).zero(2);
  put_authentication(fields, pdu.auth);
  return fields.written();
}

std::size_t encode(const ActivationPdu& pdu, std::span<std::byte> out) noexcept {
  FieldWriter fields(out);
  fields.put(static_cast<std::uint16_t>(PduId::kActivation)).put(pdu.version);
  put_parameters(fields, pdu);
  if (pdu.version < kFirstWithMilliseconds) return fields.zero(4).written();
  fields.put(pdu.sub_interval_ms).zero(2).put(pdu.suppressed_sub_intervals).zero(1);
  put_authentication(fields, pdu.auth);
  return fields.written();
}

std::size_t encode(const LoadPdu& pdu, std::span<std::byte> out) noexcept {
  FieldWriter fields(out);
  fields.put(static_cast<std::uint16_t>(PduId::kLoad)).put(static_cast<std::uint8_t>(pdu.action));
  fields.put(static_cast<std::uint8_t>(pdu.receive_stopped)).put(pdu.sequence).put(pdu.payload).put(pdu.status_errors);
  fields.put(pdu.status_time.seconds).put(pdu.status_time.nanoseconds);
  fields.put(pdu.time.seconds).put(pdu.time.nanoseconds).put(pdu.response_delay_ms).zero(2);
  return fields.written();
}

}  // namespace gnomon::methods::udpst
