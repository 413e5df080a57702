#include "probe/speed_job.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "crypto/self_signed.h"
#include "http/server.h"
#include "methods/capacity/server.h"
#include "methods/ndt7/ndt7_server.h"
#include "methods/responsiveness/responsiveness_server.h"
#include "methods/udpst/server.h"

// Each method against its own server, on loopback and in real time; limits keep the load small.

namespace gnomon::probe {
namespace {

using schema::AccessDirection;
using schema::AccessOutcome;
using schema::AccessResult;
using std::chrono::milliseconds;
using std::chrono::seconds;

class FewSamples final : public SpeedJudge {
 public:
  bool is_enough(const schema::Transfer& transfer, Nanoseconds) override { return transfer.samples.size() >= 3; }
  void judge(const methods::capacity::TcpCapacity&, Nanoseconds, AccessResult&) override {}
  void judge_limit(const schema::Transfer&, AccessResult& out) override { out.verdict = schema::AccessLimit::kNetwork; }
};

class SpeedJobTest : public ::testing::Test {
 protected:
  std::vector<AccessResult> run(SpeedMethod method, Port port, Nanoseconds most) {
    test_.method = method;
    test_.port = port;
    test_.most = most;
    test_.latest = clock_.wall() + patience_;
    test_.end = clock_.wall() + seconds(60);
    std::vector<AccessResult> results;
    SpeedJob job{test_,
                 {net::Address::loopback(Family::kIpv4), port},
                 net::host_space(),
                 clock_,
                 judge_,
                 times_,
                 "a probe",
                 cancelled_,
                 stop_.get_token(),
                 {}};
    job.pause = milliseconds(20);
    job.give = [&](AccessResult result) {
      EXPECT_EQ(schema::fault_of(result), "");
      results.push_back(std::move(result));
    };
    const WallTime begun = clock_.wall();
    carry_out(job);
    was_marked_ = times_.overlaps(*job.space, begun, clock_.wall() + seconds(1));
    EXPECT_FALSE(times_.overlaps(*job.space, clock_.wall() + seconds(1), clock_.wall() + seconds(2)));
    return results;
  }
  static DueTest due_there() {
    DueTest due;
    due.item = "access";
    due.target = due.target_site = "there";
    due.address = "127.0.0.1";
    return due;
  }
  static void expect_all(const std::vector<AccessResult>& results, std::size_t count, AccessOutcome outcome) {
    EXPECT_EQ(results.size(), count);
    for (const AccessResult& result : results) EXPECT_EQ(result.outcome, outcome);
  }

  methods::udpst::ServerOptions udp_options() const {
    methods::udpst::ServerOptions options{{{net::Address::loopback(Family::kIpv4), Port{0}}}, {}};
    options.policy.max_bandwidth_mbps = 20;
    return options;
  }
  std::unique_ptr<methods::responsiveness::ResponsivenessServer> serve_responsiveness() {
    const auto made = crypto::make_self_signed({"localhost"}, clock_.wall(), std::chrono::hours(1)).value();
    methods::responsiveness::ServerOptions options;
    options.listen = {net::Address::loopback(Family::kIpv4), Port{0}};
    options.tls_certificate = made.certificate;
    options.tls_key = made.key;
    return methods::responsiveness::ResponsivenessServer::start(options, queue_, clock_).value();
  }
  // With the time of tests cut short, so that the whole of one fits into a unit test.
  std::unique_ptr<http::Server> serve_ndt7() {
    methods::ndt7::RunOptions terms;
    terms.length = milliseconds(400);
    terms.grace = milliseconds(200);
    terms.measure_every = milliseconds(20);
    for (const auto direction : {schema::Direction::kDown, schema::Direction::kUp}) {
      const auto path =
          direction == schema::Direction::kDown ? methods::ndt7::kDownloadPath : methods::ndt7::kUploadPath;
      terms.direction = direction;
      router_.add({.method = http::Method::kGet,
                   .pattern = std::string(path),
                   .access = http::Access::kPublic,
                   .handler =
                       [this, terms](const http::Request& request) {
                         return methods::ndt7::begin_test(request, terms, clock_, random_,
                                                          [](const methods::ndt7::RunResult&) {});
                       },
                   .async = {},
                   .upgrade_to = "websocket"});
    }
    http::ServerOptions options;
    options.listen = "127.0.0.1:0";
    return http::Server::start(options, router_).value();
  }

  SystemClock clock_;
  SystemRandom random_;
  methods::SpeedQueue queue_{clock_};
  http::Router router_;
  FewSamples judge_;
  methods::TestTimes times_;
  DueTest test_ = due_there();
  std::atomic<bool> cancelled_{false};
  std::stop_source stop_;
  bool was_marked_ = false;
  Nanoseconds patience_ = seconds(30);
};

TEST_F(SpeedJobTest, UdpGivesTheIpLayersCapacity) {
  const auto server = methods::udpst::Server::start(udp_options(), queue_, clock_, random_).value();
  const auto results = run(SpeedMethod::kUdp, server->endpoints()[0].port, seconds(5));
  expect_all(results, 2, AccessOutcome::kDone);
  EXPECT_TRUE(was_marked_);
  for (const AccessResult& result : results) {
    EXPECT_EQ(result.method, "udp");
    EXPECT_EQ(result.layer, schema::ThroughputLayer::kIp);
    EXPECT_EQ(result.rate_search, "B");
    ASSERT_TRUE(result.throughput && result.loss_ratio && result.delay_variation_mean);
    EXPECT_GT(*result.throughput, 5'000'000U);
    EXPECT_LT(*result.throughput, 25'000'000U);
    EXPECT_GT(result.moved_bytes, *result.throughput / 8);
  }
}

TEST_F(SpeedJobTest, ABusyServerRefusesUdp) {
  const auto server = methods::udpst::Server::start(udp_options(), queue_, clock_, random_).value();
  const auto other = queue_.enter("192.0.2.1", seconds(10));
  patience_ = {};
  expect_all(run(SpeedMethod::kUdp, server->endpoints()[0].port, seconds(5)), 2, AccessOutcome::kRefused);
  EXPECT_FALSE(was_marked_);
}

TEST_F(SpeedJobTest, ABusyUdpServerIsAskedAgain) {
  const auto server = methods::udpst::Server::start(udp_options(), queue_, clock_, random_).value();
  auto other = queue_.enter("192.0.2.1", seconds(10));
  WallTime turn;
  std::jthread leaver([&] {
    while (server->counters().refused < 2) std::this_thread::yield();
    turn = clock_.wall();
    other->leave();
  });
  const auto results = run(SpeedMethod::kUdp, server->endpoints()[0].port, seconds(5));
  leaver.join();
  expect_all(results, 2, AccessOutcome::kDone);
  EXPECT_GE(results.at(0).start, turn);
}

TEST_F(SpeedJobTest, ASilentPortTimesOut) {
  const auto silent = net::host_space()->open_socket(AF_INET, SOCK_DGRAM, 0).value();
  sockaddr_storage name{};
  const socklen_t size = net::Endpoint{net::Address::loopback(Family::kIpv4), Port{0}}.to_sockaddr(name);
  ASSERT_EQ(::bind(silent.get(), reinterpret_cast<const sockaddr*>(&name), size), 0);
  socklen_t length = sizeof name;
  ASSERT_EQ(::getsockname(silent.get(), reinterpret_cast<sockaddr*>(&name), &length), 0);
  const auto bound = net::Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&name), length).value();
  expect_all(run(SpeedMethod::kUdp, bound.port, seconds(5)), 2, AccessOutcome::kTimedOut);
}

TEST_F(SpeedJobTest, Ndt7GivesBothDirectionsWithAVerdict) {
  const auto server = serve_ndt7();
  const auto results = run(SpeedMethod::kNdt7, Port{server->port()}, seconds(10));
  expect_all(results, 2, AccessOutcome::kDone);
  EXPECT_TRUE(was_marked_);
  for (const AccessResult& result : results) {
    EXPECT_EQ(result.layer, schema::ThroughputLayer::kWebSocket);
    EXPECT_EQ(result.verdict, schema::AccessLimit::kNetwork);
    EXPECT_GT(result.throughput.value_or(0), 1'000'000U);
    EXPECT_TRUE(result.idle_p50);
  }
}

TEST_F(SpeedJobTest, AServerWithoutNdt7Refuses) {
  http::ServerOptions options;
  options.listen = "127.0.0.1:0";
  const auto server = http::Server::start(options, router_).value();
  expect_all(run(SpeedMethod::kNdt7, Port{server->port()}, seconds(10)), 1, AccessOutcome::kRefused);
}

TEST_F(SpeedJobTest, ResponsivenessGivesEachLoad) {
  const auto server = serve_responsiveness();
  test_.tls = TlsUse::kUnverified;
  const auto results = run(SpeedMethod::kResponsiveness, server->endpoint().port, seconds(2));
  expect_all(results, 3, AccessOutcome::kDone);
  EXPECT_TRUE(was_marked_);
  ASSERT_EQ(results.size(), 3U);
  EXPECT_EQ(results[2].direction, AccessDirection::kBoth);
  EXPECT_TRUE(results[2].throughput_up);
  for (const AccessResult& result : results) {
    EXPECT_EQ(result.layer, schema::ThroughputLayer::kHttp);
    EXPECT_TRUE(result.rpm && result.rpm_foreign && result.rpm_loaded);
    EXPECT_TRUE(result.idle_p50 && result.loaded_p50);
    EXPECT_GT(result.moved_bytes, 1'000'000U);
  }
}

TEST_F(SpeedJobTest, ABusyServerRefusesResponsiveness) {
  const auto server = serve_responsiveness();
  const auto other = queue_.enter("192.0.2.1", seconds(25));
  patience_ = {};
  test_.tls = TlsUse::kUnverified;
  expect_all(run(SpeedMethod::kResponsiveness, server->endpoint().port, seconds(2)), 1, AccessOutcome::kRefused);
  EXPECT_FALSE(was_marked_);
}

TEST_F(SpeedJobTest, ABusyResponsivenessServerIsAskedAgain) {
  const auto server = serve_responsiveness();
  test_.tls = TlsUse::kUnverified;
  auto other = queue_.enter("192.0.2.1", seconds(25));
  const WallTime begun = clock_.wall();
  WallTime turn;
  std::jthread leaver([&] {
    // A refusal is a place taken and left; several, whatever the number of flows that each try begins with.
    const auto first = queue_.wait_for_move(0, Nanoseconds{});
    for (auto seen = first; seen < first + 12;) seen = queue_.wait_for_move(seen, seconds(1));
    turn = clock_.wall();
    other->leave();
  });
  const auto results = run(SpeedMethod::kResponsiveness, server->endpoint().port, seconds(2));
  leaver.join();
  expect_all(results, 3, AccessOutcome::kDone);
  EXPECT_GE(results.at(0).start, turn);
  EXPECT_FALSE(times_.overlaps(*net::host_space(), begun, turn)) << "no line was filled while it waited";
}

TEST_F(SpeedJobTest, NobodyThereIsUnreachable) {
  const Port port{serve_ndt7()->port()};  // free again
  expect_all(run(SpeedMethod::kTcp, port, seconds(1)), 2, AccessOutcome::kUnreachable);
  expect_all(run(SpeedMethod::kNdt7, port, seconds(10)), 1, AccessOutcome::kUnreachable);
  expect_all(run(SpeedMethod::kResponsiveness, port, seconds(2)), 1, AccessOutcome::kUnreachable);
}

TEST_F(SpeedJobTest, AServerWhoseLineIsFullRefusesTcp) {
  methods::SpeedQueue::Options small;
  small.most_of_one = 1;
  methods::SpeedQueue queue(clock_, small);
  const auto server =
      methods::capacity::Server::start({{{net::Address::loopback(Family::kIpv4), Port{0}}}}, clock_, random_, queue)
          .value();
  auto own = queue.enter("127.0.0.1", seconds(10));
  expect_all(run(SpeedMethod::kTcp, server->endpoints()[0].port, seconds(1)), 2, AccessOutcome::kRefused);
}

// Who sets results beside each other must not take the time in line for a test.
TEST_F(SpeedJobTest, ATestThatWaitedBeginsWithItsTurn) {
  const auto server =
      methods::capacity::Server::start({{{net::Address::loopback(Family::kIpv4), Port{0}}}}, clock_, random_, queue_)
          .value();
  auto other = queue_.enter("192.0.2.1", seconds(10));
  WallTime turn;
  std::jthread leaver([&] {
    while (queue_.waiting() == 0) std::this_thread::yield();
    turn = clock_.wall();
    other->leave();
  });
  const auto results = run(SpeedMethod::kTcp, server->endpoints()[0].port, seconds(1));
  leaver.join();
  expect_all(results, 2, AccessOutcome::kDone);
  EXPECT_GE(results.at(0).start, turn);
}

TEST_F(SpeedJobTest, ATestThatIsCancelledGivesNothing) {
  const auto server = methods::udpst::Server::start(udp_options(), queue_, clock_, random_).value();
  cancelled_ = true;
  expect_all(run(SpeedMethod::kUdp, server->endpoints()[0].port, seconds(5)), 0, AccessOutcome::kDone);
}

}  // namespace
}  // namespace gnomon::probe
