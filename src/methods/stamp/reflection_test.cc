#include "methods/stamp/reflection.h"

#include <gtest/gtest.h>

#include <vector>

#include "wire/ntp_time.h"
#include "wire/stamp.h"

namespace gnomon::methods::stamp {
namespace {

using namespace std::chrono_literals;

const net::Endpoint kSender{*net::Address::parse("192.0.2.7"), Port{40000}};
constexpr ReflectorPort kPort{0, Port{862}};
const ReflectionTimes kTimes{
    MonotonicTime{100s}, WallTime{1'800'000'000s}, WallTime{1'800'000'000s + 20us}, {true, 5ms}};

class ReflectionTest : public testing::Test {
 protected:
  static std::vector<std::byte> request(std::uint32_t sequence, std::size_t size = wire::kStampBaseSize) {
    std::vector<std::byte> bytes(size, std::byte{0});
    const auto dialect = size < wire::kStampBaseSize ? wire::SenderDialect::kTwampLight : wire::SenderDialect::kStamp;
    wire::encode_stamp_request({sequence, 0x1122334455667788, 0x8001, 77}, dialect, bytes);
    return bytes;
  }
  static net::IncomingPacket incoming(const std::vector<std::byte>& bytes, const net::Endpoint& from = kSender) {
    net::IncomingPacket packet;
    packet.from = from;
    packet.bytes = bytes;
    packet.size = bytes.size();
    packet.ttl = Ttl{61};
    packet.destination = net::Address::parse("192.0.2.1");
    return packet;
  }
  // The answer's sequence number; nothing when there was none.
  static std::optional<std::uint32_t> reflect(Reflection& reflection, std::vector<std::byte> bytes,
                                              const net::Endpoint& from = kSender,
                                              const ReflectionTimes& times = kTimes) {
    const auto original = bytes;
    if (!reflection.reflect(incoming(original, from), kPort, times, bytes)) return std::nullopt;
    EXPECT_EQ(bytes.size(), original.size());
    return wire::decode_stamp_reply(bytes).value().sequence;
  }
};

TEST_F(ReflectionTest, FillsInEverythingItKnows) {
  Reflection reflection({});
  auto bytes = request(9);
  const auto original = bytes;
  ASSERT_TRUE(reflection.reflect(incoming(original), kPort, kTimes, bytes));
  const auto reply = wire::decode_stamp_reply(bytes).value();
  EXPECT_EQ(reply.sender.sequence, 9u);
  EXPECT_EQ(reply.sender.timestamp, 0x1122334455667788u);
  EXPECT_EQ(reply.sender.error_estimate, 0x8001);
  EXPECT_EQ(reply.session_id, 77);
  EXPECT_EQ(reply.sender_ttl, Ttl{61});
  const auto estimate = wire::decode_error_estimate(reply.error_estimate).value();
  EXPECT_TRUE(estimate.synchronised);
  EXPECT_GE(estimate.error, 5ms);
  EXPECT_EQ(wire::decode_timestamp(reply.receive_timestamp, estimate.format, kTimes.sent), kTimes.received);
  EXPECT_EQ(wire::decode_timestamp(reply.timestamp, estimate.format, kTimes.sent), kTimes.sent);
}

TEST_F(ReflectionTest, StatelessCopiesAndStatefulCounts) {
  ReflectorOptions stateless;
  stateless.stateful = false;
  Reflection copying(stateless);
  EXPECT_EQ(reflect(copying, request(40)), 40u);
  Reflection counting({});
  EXPECT_EQ(reflect(counting, request(40)), 0u);
  EXPECT_EQ(reflect(counting, request(45)), 1u);
  EXPECT_EQ(reflect(counting, request(3), {kSender.address, Port{40001}}), 0u) << "another port, another session";
  EXPECT_EQ(counting.counters().sessions, 2u);
}

TEST_F(ReflectionTest, SessionsEndAfterTheirTimeOut) {
  Reflection reflection({});
  reflect(reflection, request(0));
  auto later = kTimes;
  later.now = kTimes.now + 901s;
  EXPECT_EQ(reflect(reflection, request(1), kSender, later), 0u);
}

TEST_F(ReflectionTest, AFullTableAnswersStatelessly) {
  ReflectorOptions options;
  options.session_limit = 2;
  Reflection reflection(options);
  for (const std::uint16_t port : {40000, 40001}) reflect(reflection, request(0), {kSender.address, Port{port}});
  EXPECT_EQ(reflect(reflection, request(33), {kSender.address, Port{40002}}), 33u);
  EXPECT_EQ(reflection.counters().sessions, 2u);
  auto later = kTimes;
  later.now = kTimes.now + 901s;
  EXPECT_EQ(reflect(reflection, request(33), {kSender.address, Port{40002}}, later), 0u) << "old ones have gone";
}

TEST_F(ReflectionTest, NeverAnswersWithMoreThanItGot) {
  Reflection reflection({});
  for (std::size_t size = 0; size < 100; ++size) {
    std::vector<std::byte> bytes = size < wire::kTwampSenderSize ? std::vector<std::byte>(size) : request(1, size);
    const auto original = bytes;
    const bool answered = reflection.reflect(incoming(original), kPort, kTimes, bytes);
    EXPECT_EQ(answered, size >= wire::kLeastReflectedSize) << size;
    EXPECT_EQ(bytes.size(), original.size());
  }
  EXPECT_EQ(reflection.counters().malformed, wire::kLeastReflectedSize);
}

// One packet that claims to come from the other sets two reflectors on user ports upon each other.
TEST_F(ReflectionTest, EndsAGameWithAnotherReflectorAtItsOwnAnswer) {
  for (const std::size_t size : {wire::kLeastReflectedSize, wire::kStampBaseSize, std::size_t{400}}) {
    Reflection here({});
    Reflection there({});
    auto bytes = request(1, size);
    ASSERT_TRUE(here.reflect(incoming(request(1, size)), kPort, kTimes, bytes));
    int rounds = 0;
    while (rounds < 10 && there.reflect(incoming(bytes), kPort, kTimes, bytes) &&
           here.reflect(incoming(bytes), kPort, kTimes, bytes)) {
      ++rounds;
    }
    EXPECT_EQ(rounds, 0) << size;
    EXPECT_EQ(here.counters().answered + there.counters().answered, 2u);
  }
}

TEST_F(ReflectionTest, DoesNotPlayWithServicesAndOtherReflectors) {
  Reflection reflection({});
  for (const std::uint16_t port : {7, 53, 123, 862}) {
    EXPECT_FALSE(reflect(reflection, request(0), {kSender.address, Port{port}})) << port;
  }
  auto bytes = request(0);
  const auto original = bytes;
  EXPECT_FALSE(reflection.reflect(incoming(original), {0, kSender.port}, kTimes, bytes)) << "its own port";
  auto packet = incoming(original);
  packet.unicast = false;
  EXPECT_FALSE(reflection.reflect(packet, kPort, kTimes, bytes)) << "sent to a broadcast address";
  EXPECT_EQ(reflection.counters().refused, 6u);
  EXPECT_EQ(bytes, original);
}

TEST_F(ReflectionTest, LimitsEachSource) {
  ReflectorOptions options;
  options.packets_per_second = 10;
  Reflection reflection(options);
  int answered = 0;
  for (int i = 0; i < 50; ++i) answered += reflect(reflection, request(0)).has_value() ? 1 : 0;
  EXPECT_EQ(answered, 10);
  EXPECT_TRUE(reflect(reflection, request(0), {*net::Address::parse("192.0.2.8"), Port{40000}})) << "another source";
  auto later = kTimes;
  later.now = kTimes.now + 100ms;
  EXPECT_TRUE(reflect(reflection, request(0), kSender, later));
  EXPECT_FALSE(reflect(reflection, request(0), kSender, later));
  EXPECT_EQ(reflection.counters().rate_limited, 41u);
}

TEST_F(ReflectionTest, AFloodFromForgedSourcesSharesOneRate) {
  ReflectorOptions options;
  options.packets_per_second = 5;
  options.source_limit = 3;
  Reflection reflection(options);
  int answered = 0;
  for (int i = 0; i < 200; ++i) {
    const auto source = net::Address::v4({std::byte{198}, std::byte{51}, std::byte{100}, static_cast<std::byte>(i)});
    answered += reflect(reflection, request(0), {source, Port{40000}}).has_value() ? 1 : 0;
  }
  EXPECT_LE(answered, 3 + 5);
}

TEST_F(ReflectionTest, Ipv6SourcesAreLimitedByTheirNetwork) {
  SourceLimits limits(1, 100);
  EXPECT_TRUE(limits.admit(*net::Address::parse("2001:db8::1"), kTimes.now));
  EXPECT_FALSE(limits.admit(*net::Address::parse("2001:db8::2"), kTimes.now));
  EXPECT_TRUE(limits.admit(*net::Address::parse("2001:db8:0:1::1"), kTimes.now));
}

}  // namespace
}  // namespace gnomon::methods::stamp
