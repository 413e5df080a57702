// The echo method against a host that the test plays itself, packet by packet (methods/tun_peer.h).

#include <gtest/gtest.h>

#include <map>

#include "methods/echo/echo_method.h"
#include "methods/engine.h"
#include "methods/tun_peer.h"
#include "wire/icmp.h"

namespace gnomon::methods::echo {
namespace {

using namespace std::chrono_literals;
using schema::Outcome;
using ::testing::AnyOf;
using testing::CollectingSink;
using testing::Packet;
using testing::Packets;
using testing::TunPeer;

constexpr std::uint32_t kPackets = 40;
// An answer that the far end gives counts as one, however busy the machine is; a lost packet is known so much later.
constexpr auto kPatience = 2s;

std::size_t icmp_offset(const Packet& packet) {
  return wire::decode_ip_header(packet)->payload_offset;
}

// The request's number, or nothing when the packet is no echo request.
std::optional<std::uint16_t> echo_sequence(const Packet& packet) {
  const auto header = wire::decode_ip_header(packet);
  if (!header) return std::nullopt;
  const auto echo = wire::decode_icmp_echo(header->family, std::span(packet).subspan(header->payload_offset));
  return echo && !echo->reply ? std::optional(echo->sequence) : std::nullopt;
}

// Writes `value` over a 16-bit word of the ICMP message and mends its checksum (RFC 1624, eqn. 3).
void change_word(Packet& packet, std::size_t offset, std::uint16_t value) {
  const auto at = icmp_offset(packet);
  const auto old_value = wire::load<std::uint16_t>(packet, at + offset);
  std::uint32_t sum = static_cast<std::uint16_t>(~wire::load<std::uint16_t>(packet, at + 2));
  sum += static_cast<std::uint16_t>(~old_value) + std::uint32_t{value};
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  wire::store<std::uint16_t>(packet, at + offset, value);
  wire::store<std::uint16_t>(packet, at + 2, static_cast<std::uint16_t>(~sum));
}

Packet reply_to(Packet packet) {
  testing::turn_around(packet);
  const bool v4 = wire::decode_ip_header(packet)->family == Family::kIpv4;
  change_word(packet, 0, static_cast<std::uint16_t>((v4 ? wire::kIcmp4EchoReply : wire::kIcmp6EchoReply) << 8));
  return packet;
}

Packet forged_cookie(const Packet& request) {
  auto reply = reply_to(request);
  change_word(reply, 8, static_cast<std::uint16_t>(wire::load<std::uint16_t>(reply, icmp_offset(reply) + 8) ^ 1));
  return reply;
}

// An ICMPv4 "host unreachable" about the request, from its target.
Packet host_unreachable4(const Packet& request) {
  Packet packet(28 + request.size(), std::byte{0});
  std::copy_n(request.begin(), 20, packet.begin());
  testing::turn_around(packet);
  wire::store<std::uint16_t>(packet, 2, static_cast<std::uint16_t>(packet.size()));
  wire::store<std::uint16_t>(packet, 10, 0);
  wire::store<std::uint16_t>(packet, 10, wire::internet_checksum(std::span(packet).first(20)));
  wire::store<std::uint16_t>(packet, 20, 0x0301);
  std::copy(request.begin(), request.end(), packet.begin() + 28);
  wire::store<std::uint16_t>(packet, 22, wire::internet_checksum(std::span(packet).subspan(20)));
  return packet;
}

// Loses 3 and 7, doubles 10 and 11, lets 21 and 22 overtake 20, adds a forged answer to 25 and answers 26 once more
// from a host that was never asked; 33 (IPv4) is answered by an ICMP error, else lost.
class Meddler {
 public:
  Packets operator()(const Packet& request) {
    const auto sequence = echo_sequence(request);
    if (!sequence) return {};
    const auto reply = reply_to(request);
    switch (*sequence) {
      case 3:
      case 7:
        return {};
      case 10:
      case 11:
        return {reply, reply};
      case 20:
        held_ = reply;
        return {};
      case 22:
        return {reply, held_};
      case 25:
        return {forged_cookie(request), reply};
      case 26:
        return {reply, from_elsewhere(reply)};
      case 33:
        return wire::decode_ip_header(request)->family == Family::kIpv4 ? Packets{host_unreachable4(request)}
                                                                        : Packets{};
    }
    return {reply};
  }

 private:
  // Two changes that leave every checksum right: the source's last word goes up by one, the identifier's stays; so the
  // checksum is mended for IPv6, where it covers the address.
  static Packet from_elsewhere(Packet packet) {
    if (wire::decode_ip_header(packet)->family == Family::kIpv4) {
      wire::store<std::uint8_t>(packet, 15, 77);
      wire::store<std::uint16_t>(packet, 10, 0);
      wire::store<std::uint16_t>(packet, 10, wire::internet_checksum(std::span(packet).first(20)));
      return packet;
    }
    const auto word = wire::load<std::uint16_t>(packet, 22);
    wire::store<std::uint16_t>(packet, 22, static_cast<std::uint16_t>(word + 1));
    const auto sum = wire::load<std::uint16_t>(packet, icmp_offset(packet) + 2);
    wire::store<std::uint16_t>(packet, icmp_offset(packet) + 2, static_cast<std::uint16_t>(sum - 1));
    return packet;
  }
  Packet held_;
};

DelaySpec spec_to(const char* target, const TunPeer& peer) {
  DelaySpec spec;
  spec.method = "echo";
  spec.target.address = *net::Address::parse(target);
  spec.space = peer.space();
  spec.interval = 1ms;
  spec.timeout = kPatience;
  spec.window = 1h;
  spec.count = kPackets;
  spec.report_packets = true;
  return spec;
}

schema::DelayWindow measure(const Method& method, const DelaySpec& spec, CollectingSink& sink) {
  SystemRandom random;
  const std::array<const Method*, 1> methods{&method};
  auto engine = Engine::start(methods, random);
  EXPECT_TRUE(engine);
  const auto path = (*engine)->add(spec, sink);
  EXPECT_TRUE(path) << path.error().message();
  EXPECT_TRUE(sink.wait_for_end());
  EXPECT_EQ(sink.windows().size(), 1u);
  return sink.windows().empty() ? schema::DelayWindow{} : sink.windows().front();
}

void expect_what_the_meddler_did(const schema::DelayWindow& window, bool icmp_error) {
  EXPECT_EQ(window.outcome, Outcome::kAnswered);
  EXPECT_EQ(window.sent, kPackets);
  EXPECT_EQ(window.received, kPackets - 3);
  EXPECT_EQ(window.lost, 3u);
  EXPECT_EQ(window.duplicated, 2u);
  EXPECT_EQ(window.reordered, 1u);
  EXPECT_EQ(window.unreachable, icmp_error ? 1u : 0u);
  EXPECT_EQ(window.rtt.count(), kPackets - 3);
  // The worst of all packets: on a busy machine the kernel's may come too late for one of them.
  EXPECT_THAT(window.timestamp_source, AnyOf(schema::TimestampSource::kKernel, schema::TimestampSource::kUser));
  ASSERT_TRUE(window.rtt_min && window.error_bound);
  EXPECT_GT(*window.rtt_min, 0ns);
  EXPECT_GT(*window.error_bound, 0ns);
}

TEST(EchoNetns, CountsWhatBecameOfEveryPacketOverIpv4) {
  TunPeer peer{Meddler()};
  CollectingSink sink;
  const auto window = measure(method(), spec_to("10.9.0.2", peer), sink);
  expect_what_the_meddler_did(window, true);
  EXPECT_TRUE(std::ranges::any_of(
      sink.reports(), [](const PacketReport& report) { return report.source == schema::TimestampSource::kKernel; }));
  EXPECT_EQ(window.stray, 2u) << "the forged cookie and the answer from elsewhere";
  std::map<std::uint32_t, std::string> unreachable;
  for (const auto& report : sink.reports()) {
    if (report.fate == PacketReport::Fate::kUnreachable) unreachable[report.sequence] = report.reason;
  }
  EXPECT_EQ(unreachable, (std::map<std::uint32_t, std::string>{{33, "host unreachable"}}));
}

TEST(EchoNetns, CountsWhatBecameOfEveryPacketOverIpv6) {
  TunPeer peer{Meddler()};
  CollectingSink sink;
  const auto window = measure(method(), spec_to("fd09::2", peer), sink);
  expect_what_the_meddler_did(window, false);
  EXPECT_EQ(window.stray, 2u);
}

TEST(EchoNetns, WorksWithoutRawSockets) {
  TunPeer peer{Meddler()};
  peer.shell("echo '0 2147483647' > /proc/sys/net/ipv4/ping_group_range");
  for (const auto* target : {"10.9.0.2", "fd09::2"}) {
    CollectingSink sink;
    const auto window = measure(unprivileged_method(), spec_to(target, peer), sink);
    expect_what_the_meddler_did(window, target[0] == '1');
    EXPECT_EQ(window.stray, 2u) << target;
  }
}

TEST(EchoNetns, SaysWhyItCannotOpenAPingSocket) {
  TunPeer peer{[](const Packet&) { return Packets{}; }};
  peer.shell("echo '1 0' > /proc/sys/net/ipv4/ping_group_range");
  SystemRandom random;
  const std::array<const Method*, 1> methods{&unprivileged_method()};
  auto engine = Engine::start(methods, random);
  CollectingSink sink;
  const auto path = (*engine)->add(spec_to("10.9.0.2", peer), sink);
  ASSERT_FALSE(path);
  EXPECT_EQ(path.error().code, ErrorCode::kPermission);
  EXPECT_NE(path.error().advice.find("ping_group_range"), std::string::npos);
}

TEST(EchoNetns, NoRouteIsAnOutcome) {
  TunPeer peer{Meddler()};
  for (const auto* target : {"192.0.2.1", "2001:db8::1"}) {
    CollectingSink sink;
    auto spec = spec_to(target, peer);
    spec.count = 3;
    const auto window = measure(method(), spec, sink);
    EXPECT_EQ(window.outcome, Outcome::kNotSent);
    EXPECT_EQ(window.sent, 0u);
    ASSERT_EQ(sink.reports().size(), 3u);
    EXPECT_EQ(sink.reports()[0].reason, "Network is unreachable");
  }
}

TEST(EchoNetns, ManyPathsShareOneEngineAndKeepTheirAnswersApart) {
  TunPeer peer{[](const Packet& request) { return echo_sequence(request) ? Packets{reply_to(request)} : Packets{}; }};
  SystemRandom random;
  const std::array<const Method*, 1> methods{&method()};
  auto engine = Engine::start(methods, random);
  ASSERT_TRUE(engine);
  std::vector<std::unique_ptr<CollectingSink>> sinks;
  // Five targets, four paths to each: these may not share a channel.
  for (int i = 0; i < 20; ++i) {
    auto spec = spec_to("10.9.0.2", peer);
    spec.target.address = *net::Address::parse("10.9.0." + std::to_string(2 + i / 4));
    spec.payload_bytes = static_cast<std::uint32_t>(8 + 50 * i);
    spec.phase = i * 50us;
    ASSERT_TRUE((*engine)->add(spec, *sinks.emplace_back(std::make_unique<CollectingSink>())));
  }
  for (auto& sink : sinks) {
    ASSERT_TRUE(sink->wait_for_end());
    ASSERT_EQ(sink->windows().size(), 1u);
    const auto& window = sink->windows()[0];
    EXPECT_EQ(window.sent, kPackets);
    EXPECT_EQ(window.received, kPackets);
    EXPECT_EQ(window.stray, 0u);
    EXPECT_EQ(window.duplicated, 0u);
  }
  EXPECT_EQ((*engine)->counters().packets_sent, 20u * kPackets);
}

TEST(EchoNetns, WindowsAddUpToWhatWasSent) {
  TunPeer peer{Meddler()};
  auto spec = spec_to("10.9.0.2", peer);
  spec.window = 10ms;
  SystemRandom random;
  const std::array<const Method*, 1> methods{&method()};
  auto engine = Engine::start(methods, random);
  CollectingSink sink;
  ASSERT_TRUE((*engine)->add(spec, sink));
  ASSERT_TRUE(sink.wait_for_end());
  EXPECT_GE(sink.windows().size(), 4u);
  std::uint32_t sent = 0, received = 0;
  for (const auto& window : sink.windows()) {
    sent += window.sent;
    received += window.received;
    EXPECT_EQ(window.sent, window.received + window.lost);
    const auto end = (window.start.since_epoch + window.duration) % 10ms;
    EXPECT_TRUE((window.marks & schema::kMarkPartial) != 0 || end < 1us || end > 10ms - 1us) << end.count();
  }
  EXPECT_EQ(sent, kPackets);
  EXPECT_EQ(received, kPackets - 3);
}

TEST(EchoNetns, RefusesSpecsThatMakeNoSense) {
  SystemRandom random;
  const std::array<const Method*, 1> methods{&method()};
  auto engine = Engine::start(methods, random);
  CollectingSink sink;
  for (const auto* target : {"0.0.0.0", "255.255.255.255", "224.0.0.1", "ff02::1", "::"}) {
    DelaySpec spec;
    spec.method = "echo";
    spec.target.address = *net::Address::parse(target);
    EXPECT_FALSE((*engine)->add(spec, sink)) << target;
  }
  DelaySpec spec;
  spec.method = "ehco";
  spec.target.address = net::Address::loopback(Family::kIpv4);
  EXPECT_FALSE((*engine)->add(spec, sink));
  spec.method = "echo";
  spec.interval = 10us;
  EXPECT_FALSE((*engine)->add(spec, sink));
}

}  // namespace
}  // namespace gnomon::methods::echo
