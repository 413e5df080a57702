#include <gtest/gtest.h>

#include <array>
#include <future>

#include "methods/udpst/client.h"
#include "methods/udpst/load_socket.h"
#include "methods/udpst/server.h"
#include "methods/udpst/udpst_codec.h"

// Client and server on loopback, with real time: each test lasts as long as the shortest test of the protocol.

namespace gnomon::methods::udpst {
namespace {

const SystemClock kClock;

// A server of its own, with a queue of its own.
struct TestServer {
  explicit TestServer(Family family, SetupPolicy policy = {}) {
    ServerOptions options{{{net::Address::loopback(family), Port{0}}}, std::move(policy)};
    auto started = Server::start(std::move(options), queue, kClock, random);
    if (started) server = std::move(*started);
  }
  SpeedQueue queue{kClock};
  SystemRandom random;
  std::unique_ptr<Server> server;
};

ClientOptions options_for(const TestServer& server, Direction direction) {
  ClientOptions options;
  options.server = server.server->endpoints().front();
  options.direction = direction;
  options.duration = std::chrono::seconds(5);
  options.search.rate_index = 20;  // 20 Mbit/s, no search
  return options;
}

TEST(UdpstLoopback, MeasuresAFixedRateInBothDirectionsAndFamilies) {
  struct Case {
    Family family;
    Direction direction;
    std::optional<SharedKey> key;
  };
  const SharedKey key{9, "a secret"};
  const Case cases[] = {{Family::kIpv4, Direction::kDown, {}},
                        {Family::kIpv4, Direction::kUp, key},
                        {Family::kIpv6, Direction::kDown, key},
                        {Family::kIpv6, Direction::kUp, {}}};
  std::vector<std::unique_ptr<TestServer>> servers;
  std::vector<std::future<Result<UdpCapacity>>> running;
  for (const auto& one : cases) {
    SetupPolicy policy;
    if (one.key) policy.keys.push_back(*one.key);
    servers.push_back(std::make_unique<TestServer>(one.family, policy));
    ASSERT_TRUE(servers.back()->server);
    auto options = options_for(*servers.back(), one.direction);
    options.key = one.key;
    running.push_back(std::async(std::launch::async, [options] { return measure(options, kClock, nullptr); }));
  }
  for (auto& future : running) {
    const auto result = future.get();
    ASSERT_TRUE(result) << result.error().message();
    EXPECT_EQ(result->outcome, Outcome::kCompleted) << result->refusal;
    ASSERT_EQ(result->sub_intervals.size(), 5U);
    // Datagrams that a busy machine sends late come in a later interval: hence the upper bound.
    EXPECT_GT(result->capacity()->value, 10'000'000U);
    EXPECT_LT(result->capacity()->value, 25'000'000U);
    EXPECT_TRUE(result->rtt_minimum);
    EXPECT_EQ(result->sender.has_value(), result->direction == Direction::kUp);
  }
}

class Canceller final : public ProgressSink {
 public:
  void on_trial(BitRate) override { cancel = true; }
  void on_sub_interval(const SubInterval&) override {}
  std::atomic<bool> cancel = false;
};

TEST(UdpstLoopback, CanBeCancelled) {
  const TestServer server(Family::kIpv4);
  ASSERT_TRUE(server.server);
  for (const auto direction : {Direction::kDown, Direction::kUp}) {
    Canceller canceller;
    auto options = options_for(server, direction);
    options.cancel = &canceller.cancel;
    const auto before = kClock.now();
    auto result = measure(options, kClock, &canceller);
    ASSERT_TRUE(result);
    EXPECT_EQ(result->outcome, Outcome::kCancelled) << result->refusal;
    EXPECT_LT(kClock.now() - before, std::chrono::seconds(5));
    while (server.queue.running()) {
    }  // the server has been told; it is free for the next test
  }
}

TEST(UdpstLoopback, IsRefusedWhileATestRuns) {
  TestServer server(Family::kIpv4);
  ASSERT_TRUE(server.server);
  const auto place = server.queue.enter("192.0.2.1", std::chrono::seconds(10));
  const auto result = measure(options_for(server, Direction::kDown), kClock, nullptr);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::kRefused);
  EXPECT_EQ(result->refusal, "it is busy with another test; try again later");
}

// Somebody else's test begins between the server's two answers.
TEST(UdpstLoopback, AsksOnceMoreWhenTheActivationIsRefused) {
  auto control = LoadSocket::open({net::Address::loopback(Family::kIpv4), Port{0}});
  auto testing = LoadSocket::open({net::Address::loopback(Family::kIpv4), Port{0}});
  ASSERT_TRUE(control && testing);
  int setups = 0;
  auto server = std::async(std::launch::async, [&] {
    while (setups < 2) {
      control->receive([&](const ReceivedDatagram& datagram, const net::Endpoint* from) {
        auto pdu = decode_setup(datagram.bytes);
        if (!pdu) return;
        pdu->command = SetupCommand::kResponse;
        pdu->response = ++setups == 1 ? SetupResponse::kAccepted : SetupResponse::kNoConnection;
        pdu->test_port = testing->local()->port;
        std::array<std::byte, kSetupSize> answer{};
        encode(*pdu, answer);
        control->send_to(answer, *from);
      });
      testing->receive([&](const ReceivedDatagram& datagram, const net::Endpoint* from) {
        auto pdu = decode_activation(datagram.bytes);
        if (!pdu) return;
        pdu->response = ActivationResponse::kBadParameter;
        std::array<std::byte, kActivationSize> answer{};
        encode(*pdu, answer);
        testing->send_to(answer, *from);
      });
    }
  });
  ClientOptions options;
  options.server = *control->local();
  const auto result = measure(options, kClock, nullptr);
  server.wait();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::kRefused);
  EXPECT_TRUE(result->is_busy);
  EXPECT_EQ(result->refusal, "it is busy with another test; try again later");
}

TEST(UdpstLoopback, IsRefusedWithAnotherKey) {
  const TestServer server(Family::kIpv4, SetupPolicy{{{1, "right"}}, {}});
  ASSERT_TRUE(server.server);
  auto options = options_for(server, Direction::kUp);
  options.key = SharedKey{1, "wrong"};
  const auto result = measure(options, kClock, nullptr);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::kRefused);
  EXPECT_NE(result->refusal.find("key"), std::string::npos);
}

TEST(UdpstLoopback, ASilentServerIsAnOutcome) {
  const auto silent = LoadSocket::open({net::Address::loopback(Family::kIpv4), Port{0}});
  ASSERT_TRUE(silent);
  ClientOptions options;
  options.server = *silent->local();
  const auto result = measure(options, kClock, nullptr);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome, Outcome::kNoAnswer);
  EXPECT_FALSE(result->capacity());
}

TEST(UdpstLoopback, OptionsOutOfRangeAreErrors) {
  ClientOptions options;
  options.duration = std::chrono::seconds(4);
  EXPECT_EQ(measure(options, kClock, nullptr).error().code, ErrorCode::kInvalidArgument);
}

// The four ways of the socket carry the same datagrams.
TEST(UdpstLoadSocket, CarriesDatagramsWithAndWithoutOffload) {
  for (const auto family : {Family::kIpv4, Family::kIpv6}) {
    for (const bool gso : {true, false}) {
      for (const bool gro : {true, false}) {
        LoadSocket::Options options;
        options.use_gso = gso, options.use_gro = gro;
        auto sender = LoadSocket::open({net::Address::loopback(family), Port{0}}, options);
        auto receiver = LoadSocket::open({net::Address::loopback(family), Port{0}}, options);
        ASSERT_TRUE(sender && receiver);
        ASSERT_TRUE(sender->connect(*receiver->local()));
        LoadPdu first;
        first.sequence = 41;
        ASSERT_EQ(sender->send_load(first, {1222, 100, 97}), 101U);
        std::vector<std::pair<std::uint32_t, std::uint32_t>> seen;
        while (receiver->receive([&](const ReceivedDatagram& datagram, const net::Endpoint* from) {
          const auto pdu = decode_load(datagram.bytes);
          ASSERT_TRUE(pdu);
          EXPECT_EQ(pdu->payload, datagram.size);
          EXPECT_EQ(*from, *sender->local());
          seen.emplace_back(pdu->sequence, datagram.size);
        }) > 0) {
        }
        ASSERT_EQ(seen.size(), 101U) << gso << gro;
        for (std::uint32_t i = 0; i < 101; ++i) {
          EXPECT_EQ(seen[i], (std::pair<std::uint32_t, std::uint32_t>(41 + i, i < 100 ? 1222 : 97)));
        }
      }
    }
  }
}

}  // namespace
}  // namespace gnomon::methods::udpst
