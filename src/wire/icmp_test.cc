#include "wire/icmp.h"

#include <gtest/gtest.h>

#include <vector>

#include "core/hex.h"
#include "wire/checksum.h"
#include "wire/udp.h"

namespace gnomon::wire {
namespace {

// Captured on the loopback interface with tcpdump 4.99: Debian 12's `ping -c 1 127.0.0.1` and `ping -6 -c 1 ::1`
// (iputils 20221126), and the kernel's answer to a UDP datagram sent to port 9. From the IP header on.
constexpr std::string_view kPing4 =
    "45000054f35840004001494e7f0000017f0000010800d43119ca00015583026b00000000f341000000000000101112131415161718191a1b1c"
    "1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637";
constexpr std::string_view kPong4 =
    "45000054f35900004001894d7f0000017f0000010000dc3119ca00015583026b00000000f341000000000000101112131415161718191a1b1c"
    "1d1e1f202122232425262728292a2b2c2d2e2f3031323334353637";
constexpr std::string_view kPong6 =
    "60091a1600403a400000000000000000000000000000000100000000000000000000000000000001"
    "8100a1a919cb00015583026b00000000ac4c000000000000101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
    "3031323334353637";
constexpr std::string_view kPortUnreachable4 =
    "45c0003ef3680000400188947f0000017f000001030333f00000000045000022e9a940004011531f7f0000017f00000184890009000efe21"
    "676e6f6d6f6e";
constexpr std::string_view kPortUnreachable6 =
    "600a6c62003e3a4000000000000000000000000000000001000000000000000000000000000000010104cc3800000000"
    "60038f75000e11400000000000000000000000000000000100000000000000000000000000000001eafd0009000e0021676e6f6d6f6e";

std::vector<std::byte> bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

std::span<const std::byte> icmp_of(std::span<const std::byte> packet) {
  return packet.subspan(decode_ip_header(packet).value().payload_offset);
}

TEST(IpHeader, DecodesCapturedHeaders) {
  const auto ping = bytes_of(kPing4);
  const auto v4 = decode_ip_header(ping);
  ASSERT_TRUE(v4);
  EXPECT_EQ(v4->family, Family::kIpv4);
  EXPECT_EQ(v4->protocol, kProtocolIcmp);
  EXPECT_EQ(v4->ttl, Ttl{64});
  EXPECT_EQ(v4->payload_offset, 20);
  EXPECT_EQ(v4->source[0], std::byte{127});
  const auto pong = bytes_of(kPong6);
  const auto v6 = decode_ip_header(pong);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->family, Family::kIpv6);
  EXPECT_EQ(v6->protocol, kProtocolIcmp6);
  EXPECT_EQ(v6->payload_offset, 40);
  EXPECT_EQ(v6->destination[15], std::byte{1});
}

TEST(IpHeader, RefusesEveryTruncation) {
  for (const auto hex : {kPing4, kPong6}) {
    const auto packet = bytes_of(hex);
    const std::size_t header = decode_ip_header(packet)->payload_offset;
    for (std::size_t size = 0; size < header; ++size) {
      EXPECT_FALSE(decode_ip_header(std::span(packet).first(size))) << size;
    }
    EXPECT_TRUE(decode_ip_header(std::span(packet).first(header)));
  }
}

TEST(IpHeader, RefusesFragmentsAndWrongVersions) {
  auto packet = bytes_of(kPing4);
  packet[7] = std::byte{1};
  EXPECT_EQ(decode_ip_header(packet).error().reason, "not the first fragment");
  packet[0] = std::byte{0x55};
  EXPECT_FALSE(decode_ip_header(packet));
  packet[0] = std::byte{0x44};
  EXPECT_EQ(decode_ip_header(packet).error().reason, "IPv4 header length below 20");
}

TEST(IpHeader, StepsOverExtensionHeaders) {
  auto packet = bytes_of(kPong6);
  packet[6] = std::byte{0};  // a hop-by-hop header of 8 bytes in front of ICMPv6
  const auto extension = bytes_of("3a00010400000000");
  packet.insert(packet.begin() + 40, extension.begin(), extension.end());
  const auto header = decode_ip_header(packet);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->protocol, kProtocolIcmp6);
  EXPECT_EQ(header->payload_offset, 48);
}

TEST(IcmpEcho, DecodesCapturedMessages) {
  const auto ping = bytes_of(kPing4);
  const auto request = decode_icmp_echo(Family::kIpv4, icmp_of(ping));
  ASSERT_TRUE(request);
  EXPECT_FALSE(request->reply);
  EXPECT_EQ(request->identifier, 0x19ca);
  EXPECT_EQ(request->sequence, 1);
  EXPECT_EQ(request->payload.size(), 56u);
  const auto pong4 = bytes_of(kPong4);
  EXPECT_TRUE(decode_icmp_echo(Family::kIpv4, icmp_of(pong4))->reply);
  const auto pong6 = bytes_of(kPong6);
  const auto reply = decode_icmp_echo(Family::kIpv6, icmp_of(pong6));
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->reply);
  EXPECT_EQ(reply->identifier, 0x19cb);
  EXPECT_FALSE(decode_icmp_echo(Family::kIpv4, icmp_of(pong6))) << "the other family's numbers";
}

TEST(IcmpEcho, EncodesWhatPingSent) {
  const auto ping = bytes_of(kPing4);
  const auto expected = icmp_of(ping);
  std::vector<std::byte> message(expected.begin(), expected.end());
  std::fill_n(message.begin(), 8, std::byte{0xff});
  encode_icmp_echo_request(Family::kIpv4, 0x19ca, 1, message);
  EXPECT_TRUE(std::equal(message.begin(), message.end(), expected.begin(), expected.end()));
  EXPECT_EQ(internet_checksum(message), 0);
}

TEST(IcmpError, FindsTheQuotedPacket) {
  for (const auto& [family, hex, text] :
       {std::tuple{Family::kIpv4, kPortUnreachable4, 0x8489}, std::tuple{Family::kIpv6, kPortUnreachable6, 0xeafd}}) {
    const auto packet = bytes_of(hex);
    const auto error = decode_icmp_error(family, icmp_of(packet));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->quoted.protocol, kProtocolUdp);
    const auto udp = decode_udp_header(error->transport);
    ASSERT_TRUE(udp);
    EXPECT_EQ(udp->source, Port{static_cast<std::uint16_t>(text)});
    EXPECT_EQ(udp->destination, Port{9});
    EXPECT_EQ(icmp_error_text(family, error->type, error->code), "port unreachable");
  }
}

TEST(IcmpError, RefusesTruncatedQuotes) {
  const auto packet = bytes_of(kPortUnreachable4);
  const auto message = icmp_of(packet);
  for (std::size_t size = 0; size < 28; ++size) {
    EXPECT_FALSE(decode_icmp_error(Family::kIpv4, message.first(size))) << size;
  }
  const auto least = decode_icmp_error(Family::kIpv4, message.first(28));
  ASSERT_TRUE(least);
  EXPECT_TRUE(least->transport.empty());
}

TEST(IcmpError, RefusesEchoesAndForeignQuotes) {
  const auto pong = bytes_of(kPong4);
  EXPECT_EQ(decode_icmp_error(Family::kIpv4, icmp_of(pong)).error().reason, "not an error message");
  auto packet = bytes_of(kPortUnreachable4);
  packet[28] = std::byte{0x60};
  packet.resize(28 + 40, std::byte{0});
  EXPECT_EQ(decode_icmp_error(Family::kIpv4, icmp_of(packet)).error().reason, "quotes a packet of the other family");
}

}  // namespace
}  // namespace gnomon::wire
