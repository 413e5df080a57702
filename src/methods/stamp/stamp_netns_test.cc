// The stamp method against a path that the test plays itself (methods/tun_peer.h), and against the real reflector.

#include <gtest/gtest.h>

#include <set>

#include "methods/engine.h"
#include "methods/stamp/reflection.h"
#include "methods/stamp/stamp_method.h"
#include "methods/tun_peer.h"
#include "wire/stamp.h"
#include "wire/udp.h"

namespace gnomon::methods::stamp {
namespace {

using namespace std::chrono_literals;
using testing::CollectingSink;
using testing::Packet;
using testing::Packets;
using testing::TunPeer;

constexpr std::uint32_t kPackets = 60;
// An answer that the far end gives counts as one, however busy the machine is; a lost packet is known so much later.
constexpr auto kPatience = 2s;

// A reflector behind a bad link: what is lost, doubled or overtaken there and back.
struct BadLink {
  std::set<std::uint32_t> lost_there, lost_back, doubled_there, doubled_back, overtaken_there;
};

std::array<std::byte, 4> first_four(const std::array<std::byte, 16>& address) {
  return {address[0], address[1], address[2], address[3]};
}

class FarReflector {
 public:
  explicit FarReflector(BadLink link, bool stateful) : link_(std::move(link)), reflection_(options(stateful)) {}

  Packets operator()(const Packet& packet) {
    const auto header = wire::decode_ip_header(packet);
    if (!header || header->protocol != wire::kProtocolUdp) return {};
    const auto sequence = wire::load<std::uint32_t>(packet, header->payload_offset + 8u);
    Packets out;
    if (link_.lost_there.contains(sequence)) return out;
    if (link_.overtaken_there.contains(sequence)) {
      held_ = packet;
      return out;
    }
    arrive(packet, sequence, out);
    if (link_.doubled_there.contains(sequence)) arrive(packet, sequence, out);
    if (!held_.empty()) arrive(std::exchange(held_, {}), sequence - 1, out);
    return out;
  }

 private:
  static ReflectorOptions options(bool stateful) {
    ReflectorOptions options;
    options.stateful = stateful;
    return options;
  }

  void arrive(Packet packet, std::uint32_t sequence, Packets& out) {
    const auto header = wire::decode_ip_header(packet).value();
    const std::size_t udp = header.payload_offset;
    const auto payload = std::span(packet).subspan(udp + wire::kUdpHeaderSize);
    const Packet request(payload.begin(), payload.end());
    net::IncomingPacket incoming;
    incoming.from = {*net::Address::parse("10.9.0.1"), wire::decode_udp_header(std::span(packet).subspan(udp))->source};
    incoming.bytes = request;
    incoming.size = request.size();
    incoming.ttl = header.ttl;
    incoming.destination = net::Address::v4(first_four(header.destination));
    const SystemClock clock;
    const auto now = clock.wall();
    if (!reflection_.reflect(incoming, {0, Port{862}}, {clock.now(), now, clock.wall(), {}}, payload)) return;
    testing::turn_around(packet);
    const auto source = wire::load<std::uint16_t>(packet, udp);
    wire::store<std::uint16_t>(packet, udp, wire::load<std::uint16_t>(packet, udp + 2));
    wire::store<std::uint16_t>(packet, udp + 2, source);
    wire::store<std::uint16_t>(packet, udp + 6, 0);  // no checksum: allowed over IPv4 (RFC 768)
    if (link_.lost_back.contains(sequence)) return;
    out.push_back(packet);
    if (link_.doubled_back.contains(sequence)) out.push_back(packet);
  }

  BadLink link_;
  Reflection reflection_;
  Packet held_;
};

DelaySpec spec_to(const char* target, const std::shared_ptr<net::SocketSpace>& space) {
  DelaySpec spec;
  spec.method = "stamp";
  spec.target = {*net::Address::parse(target), Port{862}};
  spec.space = space;
  spec.interval = 1ms;
  spec.timeout = kPatience;
  spec.window = 1h;
  spec.count = kPackets;
  spec.same_clock = true;
  spec.report_packets = true;
  return spec;
}

schema::DelayWindow measure(const DelaySpec& spec, CollectingSink& sink) {
  SystemRandom random;
  const std::array<const Method*, 1> methods{&method()};
  auto engine = Engine::start(methods, random);
  EXPECT_TRUE(engine);
  const auto path = (*engine)->add(spec, sink);
  EXPECT_TRUE(path) << path.error().message();
  EXPECT_TRUE(sink.wait_for_end());
  EXPECT_EQ(sink.windows().size(), 1u);
  return sink.windows().empty() ? schema::DelayWindow{} : sink.windows().front();
}

TEST(StampNetns, TellsTheDirectionOfLossFromAStatefulReflector) {
  BadLink link;
  link.lost_there = {4, 5, 30};
  link.lost_back = {10, 41, 42, 43, 44};
  TunPeer peer{FarReflector(link, true)};
  CollectingSink sink;
  const auto window = measure(spec_to("10.9.0.2", peer.space()), sink);
  EXPECT_EQ(window.sent, kPackets);
  EXPECT_EQ(window.received, kPackets - 8);
  EXPECT_EQ(window.lost, 8u);
  EXPECT_EQ(window.lost_forward, 3u);
  EXPECT_EQ(window.lost_backward, 5u);
  EXPECT_EQ(window.reordered_forward, 0u);
}

TEST(StampNetns, APathThatStartsAgainKnowsTheDirectionOfItsFirstLosses) {
  // Another path keeps the first socket open all the while.
  BadLink link;
  link.lost_there = {0, 1};
  link.lost_back = {2};
  TunPeer peer{FarReflector(link, true)};
  SystemRandom random;
  const std::array<const Method*, 1> methods{&method()};
  CollectingSink other;
  std::array<CollectingSink, 3> runs;
  auto engine = Engine::start(methods, random);
  ASSERT_TRUE(engine);
  auto lasting = spec_to("10.9.0.3", peer.space());
  lasting.count = 0;
  ASSERT_TRUE((*engine)->add(lasting, other));
  for (auto& run : runs) {
    ASSERT_TRUE((*engine)->add(spec_to("10.9.0.2", peer.space()), run));
    ASSERT_TRUE(run.wait_for_end());
    ASSERT_EQ(run.windows().size(), 1u);
    EXPECT_EQ(run.windows()[0].lost_forward, 2u);
    EXPECT_EQ(run.windows()[0].lost_backward, 1u);
  }
}

TEST(StampNetns, DirectionIsUnknownWithAStatelessReflector) {
  BadLink link;
  link.lost_there = {4};
  link.lost_back = {10};
  TunPeer peer{FarReflector(link, false)};
  CollectingSink sink;
  const auto window = measure(spec_to("10.9.0.2", peer.space()), sink);
  EXPECT_EQ(window.lost, 2u);
  EXPECT_FALSE(window.lost_forward);
  EXPECT_FALSE(window.lost_backward);
}

TEST(StampNetns, TellsDuplicationAndReordering) {
  BadLink link;
  link.doubled_there = {7};
  link.doubled_back = {9};
  link.overtaken_there = {20};
  link.lost_there = {33};
  TunPeer peer{FarReflector(link, true)};
  CollectingSink sink;
  const auto window = measure(spec_to("10.9.0.2", peer.space()), sink);
  EXPECT_EQ(window.received, kPackets - 1);
  EXPECT_EQ(window.duplicated, 2u);
  EXPECT_EQ(window.reordered, 1u);
  EXPECT_EQ(window.reordered_forward, 1u);
  EXPECT_EQ(window.reordered_backward, 0u);
  EXPECT_EQ(window.lost_forward, 1u);
  EXPECT_EQ(window.lost_backward, 0u);
}

TEST(StampNetns, DoesNotBelieveForgedReflections) {
  TunPeer peer{[reflector = FarReflector({}, true)](const Packet& packet) mutable {
    auto out = reflector(packet);
    if (out.empty()) return out;
    // In front of each true answer: one with a wrong sender timestamp, one from another port, one too short.
    const std::size_t udp = wire::decode_ip_header(packet)->payload_offset;
    auto wrong_time = out[0];
    wire::store<std::uint8_t>(wrong_time, udp + 8 + 35, wire::load<std::uint8_t>(wrong_time, udp + 8 + 35) ^ 1);
    auto wrong_port = out[0];
    wire::store<std::uint16_t>(wrong_port, udp, 863);
    auto cut = out[0];
    cut.resize(udp + 8 + 20);
    wire::store<std::uint16_t>(cut, 2, static_cast<std::uint16_t>(cut.size()));
    wire::store<std::uint16_t>(cut, udp + 4, 28);
    wire::store<std::uint16_t>(cut, 10, 0);
    wire::store<std::uint16_t>(cut, 10, wire::internet_checksum(std::span(cut).first(20)));
    out.insert(out.begin(), {wrong_time, wrong_port, cut});
    return out;
  }};
  CollectingSink sink;
  const auto window = measure(spec_to("10.9.0.2", peer.space()), sink);
  EXPECT_EQ(window.received, kPackets);
  EXPECT_EQ(window.lost, 0u);
  EXPECT_EQ(window.duplicated, 0u);
  EXPECT_EQ(window.stray, 3 * kPackets);
}

class RealReflector : public ::testing::TestWithParam<const char*> {};

TEST_P(RealReflector, MeasuresBothDirections) {
  TunPeer place{[](const Packet&) { return Packets{}; }};  // only for its namespace and loopback
  auto reflector = Reflector::start({});
  ASSERT_TRUE(reflector);
  const net::Endpoint local{*net::Address::parse(GetParam()), Port{862}};
  ASSERT_EQ((*reflector)->add(local, place.space()).value(), local);
  for (const bool twamp_light : {false, true}) {
    auto spec = spec_to(GetParam(), place.space());
    spec.stamp.twamp_light = twamp_light;
    spec.payload_bytes = 100;
    CollectingSink sink;
    const auto window = measure(spec, sink);
    EXPECT_EQ(window.received, kPackets);
    EXPECT_EQ(window.marks & ~schema::kMarkEngineLate, schema::kMarkPartial);
    // The worst of all packets: on a busy machine the kernel's may come too late for one of them.
    EXPECT_TRUE(std::ranges::any_of(
        sink.reports(), [](const PacketReport& report) { return report.source == schema::TimestampSource::kKernel; }));
    EXPECT_EQ(window.forward.count(), kPackets);
    EXPECT_EQ(window.backward.count(), kPackets);
    EXPECT_EQ(window.clock_bound, window.error_bound);
    for (const auto& report : sink.reports()) {
      ASSERT_TRUE(report.forward && report.backward);
      // Both are made of the same four timestamps.
      EXPECT_NEAR(static_cast<double>((*report.forward + *report.backward - report.rtt).count()), 0.0, 5.0);
    }
  }
  EXPECT_EQ((*reflector)->add(local, place.space()).error().code, ErrorCode::kConflict);
}
INSTANTIATE_TEST_SUITE_P(Families, RealReflector, ::testing::Values("127.0.0.1", "::1"));

TEST(StampNetns, NobodyReflectingIsUnreachable) {
  TunPeer place{[](const Packet&) { return Packets{}; }};
  for (const auto* target : {"127.0.0.1", "::1"}) {
    CollectingSink sink;
    auto spec = spec_to(target, place.space());
    spec.count = 20;
    const auto window = measure(spec, sink);
    EXPECT_EQ(window.outcome, schema::Outcome::kUnreachable);
    EXPECT_EQ(window.sent, 20u);
    EXPECT_EQ(window.unreachable, 20u);
  }
}

TEST(StampNetns, StaysSilentForBroadcast) {
  TunPeer place{[](const Packet&) { return Packets{}; }};
  auto reflector = Reflector::start({});
  ASSERT_TRUE((*reflector)->add({net::Address::any(Family::kIpv4), Port{862}}, place.space()));
  // One packet to the loopback net's broadcast address, then one to the reflector itself: when that is answered, the
  // first has been seen and passed over.
  auto fd = place.space()->open_socket(AF_INET, SOCK_DGRAM, 0).value();
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
  net::PacketSocket socket(std::move(fd), Family::kIpv4, false);
  net::PacketBuffers buffers;
  const std::array<std::byte, 44> request{};
  int error = 0;
  for (const auto* target : {"127.255.255.255", "127.0.0.1"}) {
    net::OutgoingPacket packet;
    packet.to = {*net::Address::parse(target), Port{862}};
    packet.bytes = request;
    ASSERT_EQ(socket.send(buffers, {&packet, 1}, error), 1u);
  }
  pollfd ready{socket.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 5000), 1);
  std::size_t answers = 0;
  EXPECT_EQ(socket.receive(buffers, [&answers](const net::IncomingPacket&) { ++answers; }), 1u);
  reflector->reset();
}

}  // namespace
}  // namespace gnomon::methods::stamp
