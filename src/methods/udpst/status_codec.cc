#include "methods/udpst/codec_parts.h"
#include "methods/udpst/udpst_codec.h"

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint16_t kFirstWithoutPadding = 20;

SubIntervalStatistics take_saved(FieldReader& in, bool padded) noexcept {
  SubIntervalStatistics saved;
  saved.datagrams = in.take<std::uint32_t>();
  if (padded) in.skip(4);
  saved.bytes = in.take<std::uint64_t>();
  for (auto* field :
       {&saved.length_us, &saved.lost, &saved.reordered, &saved.duplicated, &saved.delay_min, &saved.delay_max,
        &saved.delay_sum, &saved.delay_count, &saved.rtt_min, &saved.rtt_max, &saved.accumulated_ms}) {
    *field = in.take<std::uint32_t>();
  }
  if (padded) in.skip(4);
  return saved;
}

void put_saved(FieldWriter& out, const SubIntervalStatistics& saved, bool padded) noexcept {
  out.put(saved.datagrams).zero(padded ? 4 : 0).put(saved.bytes);
  for (const auto field :
       {saved.length_us, saved.lost, saved.reordered, saved.duplicated, saved.delay_min, saved.delay_max,
        saved.delay_sum, saved.delay_count, saved.rtt_min, saved.rtt_max, saved.accumulated_ms}) {
    out.put(field);
  }
  out.zero(padded ? 4 : 0);
}

void take_trial(FieldReader& in, StatusPdu& pdu) noexcept {
  pdu.lost = in.take<std::uint32_t>();
  pdu.reordered = in.take<std::uint32_t>();
  pdu.duplicated = in.take<std::uint32_t>();
  pdu.clock_delta_min = static_cast<std::int32_t>(in.take<std::uint32_t>());
  pdu.delay_min = in.take<std::uint32_t>();
  pdu.delay_max = in.take<std::uint32_t>();
  pdu.delay_sum = in.take<std::uint32_t>();
  pdu.delay_count = in.take<std::uint32_t>();
  pdu.rtt_min = in.take<std::uint32_t>();
  pdu.rtt_sample = in.take<std::uint32_t>();
  pdu.minimum_updated = in.take<std::uint8_t>() == 1;
  in.skip(3);
  pdu.trial_us = in.take<std::uint32_t>();
  pdu.trial_datagrams = in.take<std::uint32_t>();
  pdu.trial_bytes = in.take<std::uint32_t>();
  pdu.time.seconds = in.take<std::uint32_t>();
  pdu.time.nanoseconds = in.take<std::uint32_t>();
}

// In version 20 the checksum stands behind bytes that udpst 9.0.0 leaves as they were; it is one only when those that
// have no meaning are zero.
bool status_checksum_holds(std::span<const std::byte> payload, bool old) noexcept {
  if (old) return checksum_holds(payload, 146);
  for (const auto byte : payload.subspan(188, 14)) {
    if (byte != std::byte{0}) return true;
  }
  return checksum_holds(payload, 202);
}

}  // namespace

wire::Decoded<StatusPdu> decode_status(std::span<const std::byte> payload) noexcept {
  if (payload.size() != kStatusSize && payload.size() != kOldStatusSize) {
    return wire::malformed("a status PDU has 204 or 168 bytes", payload.size());
  }
  if (!has_id(payload, PduId::kStatus)) return wire::malformed("not the identifier of a status PDU", 0);
  const bool old = payload.size() == kOldStatusSize;
  StatusPdu pdu;
  FieldReader in(payload);
  in.skip(2);
  const auto action = in.take<std::uint8_t>();
  if (action > static_cast<std::uint8_t>(TestAction::kStop)) return wire::malformed("no such test action", 2);
  pdu.action = static_cast<TestAction>(action);
  const auto stopped = in.take<std::uint8_t>();
  if (stopped > 1) return wire::malformed("neither true nor false", 3);
  pdu.receive_stopped = stopped == 1;
  pdu.sequence = in.take<std::uint32_t>();
  pdu.rate = take_rate(in);
  pdu.sub_interval_sequence = in.take<std::uint32_t>();
  pdu.saved = take_saved(in, old);
  take_trial(in, pdu);
  if (!old) {
    in.skip(3);
    pdu.auth_mode = in.take<std::uint8_t>();
  }
  if (!status_checksum_holds(payload, old)) return wire::malformed("wrong checksum", old ? 146 : 202);
  return pdu;
}

std::size_t encode(const StatusPdu& pdu, std::uint16_t version, std::span<std::byte> out) noexcept {
  const bool old = version < kFirstWithoutPadding;
  FieldWriter fields(out);
  fields.put(static_cast<std::uint16_t>(PduId::kStatus)).put(static_cast<std::uint8_t>(pdu.action));
  fields.put(static_cast<std::uint8_t>(pdu.receive_stopped)).put(pdu.sequence);
  put_rate(fields, pdu.rate);
  fields.put(pdu.sub_interval_sequence);
  put_saved(fields, pdu.saved, old);
  fields.put(pdu.lost).put(pdu.reordered).put(pdu.duplicated).put(static_cast<std::uint32_t>(pdu.clock_delta_min));
  fields.put(pdu.delay_min).put(pdu.delay_max).put(pdu.delay_sum).put(pdu.delay_count);
  fields.put(pdu.rtt_min).put(pdu.rtt_sample);
  fields.put(static_cast<std::uint8_t>(pdu.minimum_updated)).zero(3);
  fields.put(pdu.trial_us).put(pdu.trial_datagrams).put(pdu.trial_bytes);
  fields.put(pdu.time.seconds).put(pdu.time.nanoseconds);
  if (old) return fields.written();
  return fields.zero(3).put(pdu.auth_mode).zero(40).written();
}

}  // namespace gnomon::methods::udpst
