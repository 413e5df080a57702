#include "wire/stamp.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/hex.h"
#include "wire/stamp_tlv.h"

namespace gnomon::wire {
namespace {

std::vector<std::byte> bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

// Written out by hand from RFC 8762 figure 2 and figure 5.
constexpr std::string_view kRequest =
    "00000007"                                                   // sequence number
    "ecb1f1a380000000"                                           // timestamp
    "9a01"                                                       // error estimate: S, scale 26, multiplier 1
    "beef"                                                       // SSID
    "00000000000000000000000000000000000000000000000000000000";  // zero
constexpr std::string_view kReply =
    "00000005ecb1f1a38000c000"
    "8a02beef"
    "ecb1f1a38000b000"
    "00000007ecb1f1a380000000"
    "9a010000"
    "3f000000";

TEST(StampRequest, DecodesAndEncodes) {
  const auto bytes = bytes_of(kRequest);
  const auto request = decode_stamp_request(bytes);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->dialect, SenderDialect::kStamp);
  EXPECT_EQ(request->packet.sequence, 7u);
  EXPECT_EQ(request->packet.timestamp, 0xecb1f1a380000000u);
  EXPECT_EQ(request->packet.error_estimate, 0x9a01);
  EXPECT_EQ(request->packet.session_id, 0xbeef);
  std::vector<std::byte> out(kStampBaseSize, std::byte{0xff});
  encode_stamp_request(request->packet, SenderDialect::kStamp, out);
  EXPECT_EQ(out, bytes);
}

TEST(StampRequest, KnowsTwampLight) {
  auto bytes = bytes_of(kRequest);
  EXPECT_EQ(decode_stamp_request(std::span(bytes).first(43))->dialect, SenderDialect::kTwampLight);
  EXPECT_EQ(decode_stamp_request(std::span(bytes).first(14))->dialect, SenderDialect::kTwampLight);
  EXPECT_FALSE(decode_stamp_request(std::span(bytes).first(13)));
  bytes[30] = std::byte{1};  // padding where STAMP wants zero
  const auto request = decode_stamp_request(bytes);
  EXPECT_EQ(request->dialect, SenderDialect::kTwampLight);
  EXPECT_EQ(request->packet.session_id, 0);
}

TEST(StampReply, DecodesAndEncodesInPlace) {
  const auto bytes = bytes_of(kReply);
  const auto reply = decode_stamp_reply(bytes);
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->sequence, 5u);
  EXPECT_EQ(reply->sender.sequence, 7u);
  EXPECT_EQ(reply->sender.timestamp, 0xecb1f1a380000000u);
  EXPECT_EQ(reply->receive_timestamp, 0xecb1f1a38000b000u);
  EXPECT_EQ(reply->sender_ttl, Ttl{63});
  auto payload = bytes_of(kRequest);
  encode_stamp_reply(*reply, SenderDialect::kStamp, payload);
  EXPECT_EQ(payload, bytes);
}

TEST(StampReply, NeverGrowsAndKeepsWhatFollows) {
  const auto reply = decode_stamp_reply(bytes_of(kReply)).value();
  const auto whole = bytes_of(kReply);
  for (std::size_t size = kTwampSenderSize; size < 60; ++size) {
    std::vector<std::byte> payload(size, std::byte{0xaa});
    encode_stamp_reply(reply, SenderDialect::kTwampLight, payload);
    ASSERT_EQ(payload.size(), size);
    for (std::size_t i = 0; i < size; ++i) {
      // SSID bytes too: a TWAMP-Light request has none, so the caller passes 0 there; here it is 0xbeef on purpose.
      EXPECT_EQ(payload[i], i < kTwampReflectorSize ? whole[i] : std::byte{0xaa}) << size << " " << i;
    }
  }
}

TEST(StampReply, TakesRepliesWithoutTtl) {
  const auto bytes = bytes_of(kReply);
  const auto reply = decode_stamp_reply(std::span(bytes).first(38));
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->sender_ttl);
  EXPECT_EQ(decode_stamp_reply(std::span(bytes).first(37)).error(),
            (DecodeError{"shorter than a reflected test packet", 37}));
}

TEST(StampTlv, MarksAsTheStandardSays) {
  // Extra Padding of 2, an unknown type 200 of 1, both with U set as a sender does.
  auto tlvs = bytes_of("80010002000080c8000142");
  const auto counts = mark_stamp_tlvs(tlvs);
  EXPECT_EQ(counts.known, 1u);
  EXPECT_EQ(counts.unrecognized, 1u);
  EXPECT_EQ(counts.malformed, 0u);
  EXPECT_EQ(to_hex(tlvs), "00010002000080c8000142");
}

TEST(StampTlv, FlagsAreSetWhateverTheSenderSent) {
  auto tlvs = bytes_of("6001000000c80000");
  mark_stamp_tlvs(tlvs);
  EXPECT_EQ(to_hex(tlvs), "0001000080c80000");
}

TEST(StampTlv, StopsAtTheFirstMalformed) {
  auto tlvs = bytes_of(
      "80010000"
      "80010005"
      "00"
      "80c80000");  // claims 5 bytes, 5 follow
  EXPECT_EQ(mark_stamp_tlvs(tlvs).malformed, 0u);
  tlvs = bytes_of(
      "800100008001000600"
      "80c80000");  // claims 6, 5 follow
  const auto counts = mark_stamp_tlvs(tlvs);
  EXPECT_EQ(counts.malformed, 1u);
  EXPECT_EQ(to_hex(tlvs), "00010000c00100060080c80000");
  tlvs = bytes_of("8001000080");  // one stray byte
  EXPECT_EQ(mark_stamp_tlvs(tlvs).malformed, 1u);
  EXPECT_EQ(to_hex(tlvs), "00010000c0");
}

TEST(StampTlv, LeavesZeroPaddingAlone) {
  std::vector<std::byte> zeros(9, std::byte{0});
  const auto before = zeros;
  const auto counts = mark_stamp_tlvs(zeros);
  EXPECT_EQ(counts.known + counts.unrecognized + counts.malformed, 0u);
  EXPECT_EQ(zeros, before);
}

TEST(StampTlv, ExtraPaddingIsOneWholeTlv) {
  std::vector<std::byte> out(12, std::byte{0xff});
  encode_extra_padding(out);
  EXPECT_EQ(to_hex(out), "800100080000000000000000");
  const auto tlv = decode_stamp_tlv(out);
  ASSERT_TRUE(tlv);
  EXPECT_EQ(tlv->value.size(), 8u);
}

}  // namespace
}  // namespace gnomon::wire
