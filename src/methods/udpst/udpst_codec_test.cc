#include "methods/udpst/udpst_codec.h"

#include <gtest/gtest.h>

#include "core/hex.h"

// The bytes are captures of Broadband Forum's udpst on loopback: 9.0.0 (protocol version 20) and, where named, 8.2.0
// (version 11), taken with tcpdump; the commands stand at each.

namespace gnomon::methods::udpst {
namespace {

std::vector<std::byte> bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}
std::string zeros(std::size_t bytes) {
  return std::string(2 * bytes, '0');
}

// udpst -d -t 5 -I 2 -B 5 -A C 127.0.0.1
const std::string kSetup = "ace1001400019863010000050000010000000000" + zeros(36);
const std::string kSetupAnswer = "ace10014000198630201000587be010000000000" + zeros(36);
const std::string kActivation =
    "ace200140200001e005a0032000500000002000a0003000a01000100" + zeros(28) + "03e80000" + zeros(44);
const std::string kLoad = "beef00000000000200de00006b0855801f4ca51c6b0855801ffe744a000c0000";
// udpst -u -t 5 -I 2 -T -a gnomon-key -y 7 ::1
const std::string kSignedNull =
    "dead0014010000016b085588c945d6189c3cc35271291dd0f6a52078113e67aacb6af82c6dcab9bdbf1c232b07000000";
const std::string kUpstreamAnswer =
    "ace200140101001e005a0032000500000002000a0003000a01000000000000000000000000000000000003e80000000000000000000000de"
    "03e80000000000016b08558851381847f9bdc60daccf651870116cf4e61a912af843ace51609a71e375b438307000000";
// The 30th status PDU of the first test, with what udpst 9.0.0 leaves in its last bytes.
const std::string kStatus =
    "feed00000000001e0000000000000000000000000000000000000000000000000000000000000001000002ee0000000000028a64000f60e3"
    "00000000000000000000000000000000000000040000002e000002ee0000000000000002000003f000000000000000000000000000000000"
    "000000000000000000000000000000240000000000000000000000000000c3a50000002400001f386b0855813ac846c20000000000000000"
    "000000000000000000000000000000000000000000220000beef00000000035300de0000";
// udpst 8.2.0: udpst -d -t 5 -a gnomon-key -y 7 -p 24601 127.0.0.1
const std::string kOldActivation = "ace2000b0200001e005a003200050100ffff000a0003000a01000000" + zeros(32);
const std::string kOldStatus =
    "feed0000000000060000000000000000000000000000000000000000000000000000000000000000000000006b085cf50000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000005b0000000000000000"
    "00000000000000000000000000000000000000000000003c0000000000000000000000000000c97f0000003c00011e686b085cf50414cb61";

TEST(UdpstCodec, ReadsSetup) {
  const auto pdu = decode_setup(bytes_of(kSetup));
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->version, 20);
  EXPECT_EQ(pdu->connection_count, 1);
  EXPECT_EQ(pdu->connection_ident, 0x9863);
  EXPECT_EQ(pdu->command, SetupCommand::kRequest);
  EXPECT_EQ(pdu->max_bandwidth, 5);  // -B 5, downstream
  EXPECT_TRUE(pdu->jumbo);
  EXPECT_FALSE(pdu->traditional_mtu);
  EXPECT_EQ(pdu->auth, Authentication());
}

TEST(UdpstCodec, ReadsSetupAnswer) {
  const auto pdu = decode_setup(bytes_of(kSetupAnswer));
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->command, SetupCommand::kResponse);
  EXPECT_EQ(pdu->response, SetupResponse::kAccepted);
  EXPECT_EQ(pdu->test_port, Port{34750});
}

TEST(UdpstCodec, ReadsActivation) {
  const auto pdu = decode_activation(bytes_of(kActivation));
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->command, ActivationCommand::kDownstream);
  EXPECT_EQ(pdu->low_threshold_ms, 30);
  EXPECT_EQ(pdu->upper_threshold_ms, 90);
  EXPECT_EQ(pdu->trial_interval_ms, 50);
  EXPECT_EQ(pdu->test_seconds, 5);
  EXPECT_EQ(pdu->rate_index, 2);
  EXPECT_EQ(pdu->high_speed_delta, 10);
  EXPECT_EQ(pdu->slow_adjust_threshold, 3);
  EXPECT_EQ(pdu->sequence_error_threshold, 10);
  EXPECT_TRUE(pdu->ignore_reordering);
  EXPECT_FALSE(pdu->index_is_start);
  EXPECT_EQ(pdu->algorithm, 1);  // -A C
  EXPECT_EQ(pdu->sub_interval_ms, 1000);
}

TEST(UdpstCodec, ReadsTheFirstRateOfAnUpstreamTest) {
  const auto pdu = decode_activation(bytes_of(kUpstreamAnswer));
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->response, ActivationResponse::kAccepted);
  EXPECT_EQ(pdu->rate, (SendingRate{0, 0, 0, 1000, 0, 0, 222}));  // row 2 of udpst -T -S
  EXPECT_EQ(pdu->auth.mode, 1);
  EXPECT_EQ(pdu->auth.key_id, 7);
  EXPECT_EQ(pdu->auth.unix_time, 0x6b085588U);
}

TEST(UdpstCodec, ReadsLoad) {
  const auto pdu = decode_load(bytes_of(kLoad + zeros(190)));
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->action, TestAction::kTest);
  EXPECT_EQ(pdu->sequence, 2U);
  EXPECT_EQ(pdu->payload, 222);
  EXPECT_EQ(pdu->status_time, (PduTime{0x6b085580, 0x1f4ca51c}));
  EXPECT_EQ(pdu->time, (PduTime{0x6b085580, 0x1ffe744a}));
  EXPECT_EQ(pdu->response_delay_ms, 12);
}

TEST(UdpstCodec, ReadsStatus) {
  const auto pdu = decode_status(bytes_of(kStatus));
  ASSERT_TRUE(pdu);
  EXPECT_EQ(pdu->sequence, 30U);
  EXPECT_EQ(pdu->sub_interval_sequence, 1U);
  // As udpst printed it: 1.49 Mbit/s, delay variation 0/0/4 ms, RTT variation 0 to 2 ms, at 1.0 s.
  EXPECT_EQ(pdu->saved, (SubIntervalStatistics{750, 166500, 1007843, 0, 0, 0, 0, 4, 46, 750, 0, 2, 1008}));
  EXPECT_EQ(pdu->rtt_min, 0U);
  EXPECT_EQ(pdu->trial_us, 50085U);
  EXPECT_EQ(pdu->trial_datagrams, 36U);
  EXPECT_EQ(pdu->trial_bytes, 7992U);
  EXPECT_EQ(pdu->time, (PduTime{0x6b085581, 0x3ac846c2}));
}

TEST(UdpstCodec, ReadsOldVersions) {
  const auto activation = decode_activation(bytes_of(kOldActivation));
  ASSERT_TRUE(activation);
  EXPECT_EQ(activation->version, 11);
  EXPECT_EQ(activation->sub_interval_ms, 1000);
  EXPECT_EQ(activation->rate_index, ActivationPdu::kSearchIndex);
  const auto status = decode_status(bytes_of(kOldStatus));
  ASSERT_TRUE(status);
  EXPECT_EQ(status->sequence, 6U);
  EXPECT_EQ(status->trial_datagrams, 60U);
  EXPECT_EQ(status->trial_bytes, 73320U);
  EXPECT_EQ(status->time, (PduTime{0x6b085cf5, 0x0414cb61}));
}

// What udpst wrote comes back bit by bit.
TEST(UdpstCodec, WritesWhatUdpstWrote) {
  std::vector<std::byte> out(kLargestControlSize);
  const auto written = [&](std::size_t size) { return to_hex(std::span(out).first(size)); };
  for (const auto& setup : {kSetup, kSetupAnswer})
    EXPECT_EQ(written(encode(*decode_setup(bytes_of(setup)), out)), setup);
  for (const auto& activation : {kActivation, kUpstreamAnswer, kOldActivation}) {
    EXPECT_EQ(written(encode(*decode_activation(bytes_of(activation)), out)), activation);
  }
  EXPECT_EQ(written(encode(*decode_null(bytes_of(kSignedNull)), out)), kSignedNull);
  EXPECT_EQ(written(encode(*decode_load(bytes_of(kLoad)), out)), kLoad);
  // All but the padding, which udpst leaves as it was.
  EXPECT_EQ(written(encode(*decode_status(bytes_of(kOldStatus)), 11, out)),
            kOldStatus.substr(0, 88) + zeros(4) + kOldStatus.substr(96, 104) + zeros(4) + kOldStatus.substr(208));
  // All but the bytes that udpst leaves as they were.
  const auto meaningful = 2 * std::size_t{188};
  EXPECT_EQ(written(encode(*decode_status(bytes_of(kStatus)), 20, out)).substr(0, meaningful),
            kStatus.substr(0, meaningful));
}

TEST(UdpstCodec, RefusesWhatIsNoPdu) {
  EXPECT_EQ(decode_setup(bytes_of(kSetup.substr(2))).error().reason, "a setup PDU has 56 bytes");
  EXPECT_EQ(decode_null(bytes_of("ace1" + kSignedNull.substr(4))).error().offset, 0U);
  EXPECT_EQ(decode_setup(bytes_of("ace100140001986303" + kSetup.substr(18))).error().offset, 8U);
  EXPECT_EQ(decode_activation(bytes_of("ace20014" + kOldActivation.substr(8))).error().offset, 2U);
  EXPECT_EQ(decode_activation(bytes_of("ace2001403" + kActivation.substr(10))).error().offset, 4U);
  EXPECT_EQ(decode_load(bytes_of(kLoad.substr(0, 62))).error().offset, 31U);
  EXPECT_EQ(decode_load(bytes_of("beef03" + kLoad.substr(6))).error().offset, 2U);
  EXPECT_EQ(decode_load(bytes_of("beef0002" + kLoad.substr(8))).error().offset, 3U);
  EXPECT_EQ(decode_status(bytes_of("feed0300" + kStatus.substr(8))).error().offset, 2U);
  EXPECT_FALSE(decode_status(bytes_of(kStatus + "00")));
}

TEST(UdpstCodec, HoldsChecksums) {
  // A datagram's sum is wrong when any bit is; the right one is the complement of the sum of the words (RFC 1071).
  auto load = bytes_of(kLoad);
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < load.size(); i += 2) {
    sum += std::to_integer<std::uint32_t>(load[i]) << 8 | std::to_integer<std::uint32_t>(load[i + 1]);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  load[30] = static_cast<std::byte>(~sum >> 8 & 0xff);
  load[31] = static_cast<std::byte>(~sum & 0xff);
  EXPECT_TRUE(decode_load(load));
  load[7] ^= std::byte{1};
  EXPECT_EQ(decode_load(load).error().reason, "wrong checksum");
}

}  // namespace
}  // namespace gnomon::methods::udpst
