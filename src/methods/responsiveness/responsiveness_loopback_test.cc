// Our client against our server over loopback, with and without TLS.

#include <gtest/gtest.h>

#include <thread>

#include "crypto/self_signed.h"
#include "methods/responsiveness/responsiveness.h"
#include "methods/responsiveness/responsiveness_server.h"

namespace gnomon::methods::responsiveness {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct LoopbackTest : testing::Test {
  SystemClock clock;
  SeededRandom random{1};
  SpeedQueue queue{clock};
  crypto::SelfSigned certificate = crypto::make_self_signed({"127.0.0.1"}, clock.wall(), std::chrono::hours(1)).value();
  std::unique_ptr<ResponsivenessServer> server;

  void serve(bool tls, ServerOptions options = {}) {
    options.listen = {net::Address::loopback(Family::kIpv4), Port{0}};
    if (tls) options.tls_certificate = certificate.certificate;
    if (tls) options.tls_key = certificate.key;
    server = ResponsivenessServer::start(options, queue, clock).value();
  }
  Options quick(bool tls) const {
    Options options;
    options.target = (tls ? "https://" : "http://") + net::to_string(server->endpoint());
    options.verify_tls = false;
    options.most_time = milliseconds(1200);
    options.idle_probes = 3;
    options.search.interval = milliseconds(100);
    options.search.most_flows = 2;
    return options;
  }
};

TEST_F(LoopbackTest, MeasuresAllThreeLoads) {
  serve(true);
  const auto result = measure(quick(true), clock, random, nullptr);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->idle.tls.count() + result->idle.failed, 3U);
  for (const auto* seen : {&result->down, &result->up, &result->both}) {
    ASSERT_TRUE(*seen);
    EXPECT_EQ((*seen)->ended_early, "");
    EXPECT_GT((*seen)->goodput_down.value + (*seen)->goodput_up.value, 1'000'000U);
  }
  EXPECT_EQ(result->down->goodput_up.value, 0U);
  EXPECT_EQ(result->up->goodput_down.value, 0U);
  EXPECT_GT(result->both->flows_down, 0U);
  EXPECT_GT(result->both->flows_up, 0U);
  EXPECT_EQ(server->counters().connections_refused, 0U);
}

TEST_F(LoopbackTest, MeasuresWithoutTls) {
  serve(false);
  auto options = quick(false);
  options.loads = {Load::kDown};
  const auto result = measure(options, clock, random, nullptr);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_TRUE(result->idle.tls.empty());
  EXPECT_FALSE(result->up);
  ASSERT_TRUE(result->down);
  EXPECT_GT(result->down->loaded.tcp.count(), 0U);
}

TEST_F(LoopbackTest, AStrangersCertificateIsRefused) {
  serve(true);
  auto options = quick(true);
  options.verify_tls = true;
  const auto result = measure(options, clock, random, nullptr);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kPermission) << result.error().message();
}

TEST_F(LoopbackTest, WhileAnotherTestRunsTheClientIsToldWhenToComeBack) {
  serve(true);
  auto other = queue.enter("192.0.2.1", seconds(25));
  const auto result = measure(quick(true), clock, random, nullptr);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(result.error().message(), testing::HasSubstr("the server answered 503; try again in 25 s"));
}

TEST_F(LoopbackTest, TransfersAreCutAtTheirTimeLimit) {
  ServerOptions server_options;
  server_options.most_of_transfer = milliseconds(1);
  serve(true, server_options);
  auto options = quick(true);
  options.loads = {Load::kDown};
  options.most_time = seconds(60);
  options.search.interval = milliseconds(20);
  options.search.tolerance = 0;
  const auto result = measure(options, clock, random, nullptr);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->down->ended_early, "the server reset the transfer");
  // Counted at the end of the turn of its loop in which the reset was sent.
  const MonotonicTime latest = clock.now() + seconds(5);
  while (server->counters().transfers_cut == 0 && clock.now() < latest) std::this_thread::yield();
  EXPECT_GE(server->counters().transfers_cut, 1U);
}

struct StopAtOnce final : ProgressSink {
  std::stop_source stop;
  void on_progress(const Progress& progress) override {
    if (progress.stage == Progress::Stage::kLoaded) stop.request_stop();
  }
};

TEST_F(LoopbackTest, CanBeStopped) {
  serve(true);
  StopAtOnce sink;
  auto options = quick(true);
  options.most_time = seconds(600);
  options.search.tolerance = 0;
  options.stop = sink.stop.get_token();
  const auto result = measure(options, clock, random, &sink);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().reason, "stopped");
}

TEST_F(LoopbackTest, NobodyThereIsUnavailable) {
  serve(true);
  const auto options = quick(true);
  server.reset();
  const auto result = measure(options, clock, random, nullptr);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gnomon::methods::responsiveness
