#include "net/packet_socket.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "net/socket_space.h"
#include "net/timestamp_hold.h"

namespace gnomon::net {
namespace {

class PacketSocketTest : public testing::TestWithParam<Family> {
 protected:
  static PacketSocket open(bool transmit_times = true) {
    const int domain = GetParam() == Family::kIpv4 ? AF_INET : AF_INET6;
    PacketSocket socket(host_space()->open_socket(domain, SOCK_DGRAM, 0).value(), GetParam(), transmit_times);
    EXPECT_TRUE(socket.bind({Address::loopback(GetParam()), Port{0}}));
    return socket;
  }
  static void wait_for(const PacketSocket& socket, short events) {
    pollfd ready{socket.fd(), events, 0};
    ASSERT_EQ(::poll(&ready, 1, 5000), 1);
  }

  TimestampHold hold;
  PacketBuffers buffers;
};

TEST_P(PacketSocketTest, TellsWhenTheKernelSawEachPacket) {
  ASSERT_TRUE(hold.working());
  auto sender = open();
  auto receiver = open();
  const std::array<std::byte, 3> bytes{};
  std::array<OutgoingPacket, 5> packets{};
  for (auto& packet : packets) {
    packet.to = receiver.local().value();
    packet.bytes = bytes;
    packet.dscp = Dscp{46};
    packet.ttl = Ttl{33};
  }
  int error = 0;
  ASSERT_EQ(sender.send(buffers, packets, error), packets.size());
  EXPECT_EQ(packets[4].id, 4u);

  std::array<std::optional<WallTime>, 5> scheduled, transmitted;
  wait_for(sender, POLLERR);
  while (sender.read_errors(
             buffers,
             [&](const TransmitTime& time) {
               (time.stage == TransmitTime::Stage::kScheduled ? scheduled : transmitted).at(time.id) = time.time;
             },
             [](const ReportedError&) { FAIL(); }) > 0) {
  }
  std::size_t count = 0;
  wait_for(receiver, POLLIN);
  receiver.receive(buffers, [&](const IncomingPacket& packet) {
    ASSERT_TRUE(packet.kernel_time && scheduled.at(count) && transmitted.at(count));
    EXPECT_LE(*scheduled[count], *transmitted[count]);
    EXPECT_LE(*transmitted[count], *packet.kernel_time);
    EXPECT_EQ(packet.size, bytes.size());
    EXPECT_EQ(packet.ttl, Ttl{33});
    EXPECT_EQ(packet.traffic_class, 46 << 2);
    EXPECT_EQ(packet.destination, Address::loopback(GetParam()));
    EXPECT_TRUE(packet.unicast);
    EXPECT_EQ(packet.from, sender.local());
    ++count;
  });
  EXPECT_EQ(count, packets.size());
}

TEST_P(PacketSocketTest, ReportsIcmpErrorsWithThePacketTheyAreAbout) {
  auto sender = open(false);
  sender.report_errors();
  const Endpoint nobody = [] { return open().local().value(); }();  // closed again
  const std::array<std::byte, 4> bytes{std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}};
  OutgoingPacket packet;
  packet.to = nobody;
  packet.bytes = bytes;
  int error = 0;
  ASSERT_EQ(sender.send(buffers, {&packet, 1}, error), 1u);
  wait_for(sender, POLLERR);
  std::size_t reports = 0;
  sender.read_errors(
      buffers, [](const TransmitTime&) { FAIL(); },
      [&](const ReportedError& report) {
        ++reports;
        EXPECT_EQ(report.to, nobody);
        EXPECT_EQ(report.reporter, Address::loopback(GetParam()));
        EXPECT_TRUE(std::equal(report.bytes.begin(), report.bytes.end(), bytes.begin(), bytes.end()));
      });
  EXPECT_EQ(reports, 1u);
  // The pending error of that packet must not be taken for a failure of the next.
  EXPECT_EQ(sender.send(buffers, {&packet, 1}, error), 1u);
}

TEST_P(PacketSocketTest, IdsBeginAnewAfterAFailedSend) {
  auto sender = open();
  auto receiver = open();
  const std::array<std::byte, 3> bytes{};
  const std::vector<std::byte> too_large(70'000);
  std::array<OutgoingPacket, 2> packets{};
  for (auto& packet : packets) packet.to = receiver.local().value();
  packets[0].bytes = bytes;
  packets[1].bytes = too_large;
  int error = 0;
  EXPECT_EQ(sender.send(buffers, packets, error), 1u);
  EXPECT_EQ(error, EMSGSIZE);
  EXPECT_EQ(sender.send(buffers, std::span(packets).first(1), error), 1u);
  EXPECT_EQ(packets[0].id, 0u);
  std::optional<std::uint32_t> last;
  wait_for(sender, POLLERR);
  while (sender.read_errors(
             buffers, [&](const TransmitTime& time) { last = time.id; }, [](const ReportedError&) {}) > 0) {
  }
  EXPECT_EQ(last, 0u) << "the kernel's count agrees with ours";
}

INSTANTIATE_TEST_SUITE_P(Families, PacketSocketTest, testing::Values(Family::kIpv4, Family::kIpv6));

}  // namespace
}  // namespace gnomon::net
