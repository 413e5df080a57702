// Client and server over loopback.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <thread>

#include "core/random.h"
#include "methods/capacity/client.h"
#include "methods/capacity/held_turn.h"
#include "methods/capacity/line_channel.h"
#include "methods/capacity/server.h"
#include "methods/capacity/socket.h"

namespace gnomon::methods::capacity {
namespace {

using schema::Direction;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Has enough after so many samples.
class Enough final : public TransferSink {
 public:
  explicit Enough(std::size_t samples) : samples_(samples) {}
  void on_wait(std::uint64_t tests, Nanoseconds) override { waited_for_ = tests; }
  bool on_sample(const schema::Transfer& transfer) override { return transfer.samples.size() >= samples_; }
  [[nodiscard]] std::uint64_t waited_for() const { return waited_for_; }

 private:
  std::size_t samples_;
  std::uint64_t waited_for_ = 0;
};

class Capacity : public ::testing::Test {
 protected:
  void SetUp() override {
    auto started = Server::start(
        {{net::Address::loopback(Family::kIpv4), Port{0}}, {net::Address::loopback(Family::kIpv6), Port{0}}}, clock_,
        random_, queue_);
    ASSERT_TRUE(started) << started.error().message();
    server_ = std::move(*started);
  }
  [[nodiscard]] ClientOptions options(Direction direction, Family family = Family::kIpv4) const {
    ClientOptions out;
    out.server = server_->endpoints()[family == Family::kIpv4 ? 0 : 1];
    out.direction = direction;
    return out;
  }
  Measured<TcpCapacity> run(const ClientOptions& options, std::size_t samples) {
    Enough sink(samples);
    return measure(options, clock_, sink, never_);
  }

  SystemClock clock_;
  SystemRandom random_;
  SpeedQueue queue_{clock_};
  std::unique_ptr<Server> server_;
  const std::atomic<bool> never_{false};
};

void expect_whole(const Measured<TcpCapacity>& result) {
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->ending, Ending::kWhole) << result->reason;
  EXPECT_FALSE(result->counts_disagree);
  const auto& samples = result->transfer.samples;
  ASSERT_GE(samples.size(), 3U);
  for (std::size_t i = 1; i < samples.size(); ++i) {
    EXPECT_GT(samples[i].at, samples[i - 1].at);
    EXPECT_GE(samples[i].received_bytes, samples[i - 1].received_bytes);
  }
  const auto& last = samples.back();
  EXPECT_GT(last.received_bytes, 1'000'000U);
  ASSERT_TRUE(last.tcp && last.sender_cpu && last.receiver_cpu);
  EXPECT_GT(last.tcp->acked_bytes, 1'000'000U);
  EXPECT_GT(last.sender_cpu->running, Nanoseconds{});
  EXPECT_GT(last.receiver_cpu->running, Nanoseconds{});
  EXPECT_GT(result->mss, 500U);
  EXPECT_TRUE(result->idle_rtt);
}

TEST_F(Capacity, Down) {
  expect_whole(run(options(Direction::kDown), 5));
  EXPECT_EQ(server_->counters().strangers, 0U);
}
TEST_F(Capacity, Up) {
  expect_whole(run(options(Direction::kUp), 5));
}
TEST_F(Capacity, ManyStreamsOverIpv6) {
  auto four = options(Direction::kDown, Family::kIpv6);
  four.streams = 4;
  expect_whole(run(four, 5));
}
TEST_F(Capacity, BytesMayBeCopied) {
  auto copied = options(Direction::kUp);
  copied.copy = true;
  expect_whole(run(copied, 5));
}

TEST_F(Capacity, PaceHolds) {
  auto paced = options(Direction::kDown);
  paced.pace_bps = 80'000'000;
  const auto result = run(paced, 20);
  ASSERT_TRUE(result) << result.error().message();
  const auto& samples = result->transfer.samples;
  const auto& first = samples[samples.size() / 2];
  const auto& last = samples.back();
  const double seconds_between = std::chrono::duration<double>(last.at - first.at).count();
  const double rate = 8.0 * static_cast<double>(last.received_bytes - first.received_bytes) / seconds_between;
  EXPECT_LT(rate, 120e6);  // a burst of a buffer may be in it
  EXPECT_TRUE(result->transfer.paced_by_sender);
}

TEST_F(Capacity, TheAlgorithmIsUsedAndNamed) {
  auto reno = options(Direction::kDown);
  reno.congestion_control = "reno";
  const auto result = run(reno, 3);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->congestion_control, "reno");
  reno.congestion_control = "nonesuch";
  const auto refused = run(reno, 3);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message().find("nonesuch"), std::string::npos) << refused.error().message();
}

TEST_F(Capacity, TheTimeIsHeld) {
  auto brief = options(Direction::kDown);
  brief.most = milliseconds(300);
  const auto result = run(brief, 1'000);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->ending, Ending::kWhole);
  EXPECT_LT(result->transfer.samples.back().at, seconds(2));
}

TEST_F(Capacity, TheSecondWaitsForTheFirst) {
  auto place = queue_.enter("192.0.2.1", seconds(10));
  ASSERT_TRUE(place);
  Enough sink(3);
  // The first leaves as soon as the second has been told that it waits.
  class Leaving final : public TransferSink {
   public:
    explicit Leaving(SpeedQueue::Place& place) : place_(place) {}
    void on_wait(std::uint64_t tests, Nanoseconds time) override {
      EXPECT_EQ(tests, 1U);
      EXPECT_GT(time, seconds(5));
      waited_ = true;
      place_.leave();
    }
    bool on_sample(const schema::Transfer&) override { return true; }
    [[nodiscard]] bool waited() const { return waited_; }

   private:
    SpeedQueue::Place& place_;
    bool waited_ = false;
  } leaving(*place);
  const auto result = measure(options(Direction::kDown), clock_, leaving, never_);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_TRUE(leaving.waited());
  EXPECT_GT(result->waited, Nanoseconds{});
}

TEST_F(Capacity, WhoWaitsMayGiveUp) {
  const auto place = queue_.enter("192.0.2.1", seconds(10));
  class GivingUp final : public TransferSink {
   public:
    void on_wait(std::uint64_t, Nanoseconds) override { cancelled = true; }
    bool on_sample(const schema::Transfer&) override { return true; }
    std::atomic<bool> cancelled{false};
  } giving_up;
  const auto result = measure(options(Direction::kDown), clock_, giving_up, giving_up.cancelled);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->ending, Ending::kCancelled);
}

TEST_F(Capacity, AServerThatGoesLeavesWhatWasSeen) {
  class Ending5 final : public TransferSink {
   public:
    explicit Ending5(std::unique_ptr<Server>& server) : server_(server) {}
    void on_wait(std::uint64_t, Nanoseconds) override {}
    bool on_sample(const schema::Transfer& transfer) override {
      if (transfer.samples.size() == 5) server_.reset();
      return false;
    }

   private:
    std::unique_ptr<Server>& server_;
  } sink(server_);
  const auto result = measure(options(Direction::kDown), clock_, sink, never_);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->ending, Ending::kPeerGone);
  EXPECT_FALSE(result->reason.empty());
  EXPECT_GE(result->transfer.samples.size(), 5U);
}

TEST_F(Capacity, NoServerIsAnErrorThatHelps) {
  auto nobody = options(Direction::kDown);
  server_.reset();
  const auto result = run(nobody, 1);
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message().find("gnomon reflect --speed"), std::string::npos) << result.error().message();
}

Ask a_second() {
  Ask ask;
  ask.most = seconds(1);
  return ask;
}

const std::atomic<bool> kNever{false};

net::FileDescriptor connected(const net::Endpoint& server, const Hello& hello) {
  return connect_to(*net::host_space(), server, hello, 0, seconds(5), kNever).value();
}

// A client made by hand.
class Raw {
 public:
  Raw(const net::Endpoint& server, const Clock& clock)
      : clock_(clock), channel_(connected(server, {Hello::Kind::kControl, 0, {}}), "server", clock) {}
  Status send(const Message& message) { return channel_.send(message); }
  // The next message of this kind; the test fails when there is none.
  template <typename T>
  T expect() {
    while (true) {
      const auto message = channel_.receive(clock_.now() + seconds(10), kNever);
      if (!message || !*message) {
        ADD_FAILURE() << (message ? "nothing came" : message.error().message());
        return {};
      }
      if (const auto* wanted = std::get_if<T>(&**message)) return *wanted;
    }
  }

 private:
  const Clock& clock_;
  LineChannel channel_;
};

TEST_F(Capacity, AClientThatLiesAboutItsCountIsFoundOut) {
  Raw client(server_->endpoints()[0], clock_);
  ASSERT_TRUE(client.send(a_second()));
  const Ready ready = client.expect<Ready>();
  const auto stream = connected(server_->endpoints()[0], {Hello::Kind::kStream, 0, ready.token});
  ASSERT_TRUE(client.send(Start{}));
  client.expect<Start>();
  client.expect<Seen>();
  ASSERT_TRUE(client.send(Stop{1ULL << 50}));
  EXPECT_TRUE(client.expect<Done>().claim_is_false);
}

TEST_F(Capacity, NothingIsSentToWhoDoesNotKnowTheToken) {
  Raw client(server_->endpoints()[0], clock_);
  ASSERT_TRUE(client.send(a_second()));
  client.expect<Ready>();
  const auto stranger = connected(server_->endpoints()[0], {Hello::Kind::kStream, 0, {}});
  ASSERT_TRUE(client.send(Start{}));
  char byte = 0;
  EXPECT_LE(::recv(stranger.get(), &byte, 1, 0), 0);
  EXPECT_THAT(client.expect<Refused>().reason,
              ::testing::EndsWith("only 0 of 1 streams reached the server within 5 s"));
}

TEST_F(Capacity, WhoSpeaksSomethingElseIsClosed) {
  const auto web = connected(server_->endpoints()[0], {});
  const std::string line = "GET / HTTP/1.1\r\n";
  ASSERT_GT(::send(web.get(), line.data(), line.size(), MSG_NOSIGNAL), 0);
  ASSERT_GT(::send(web.get(), "\n", 1, MSG_NOSIGNAL), 0);
  std::string answer(200, ' ');
  EXPECT_GT(::recv(web.get(), answer.data(), answer.size(), 0), 0);
  EXPECT_NE(answer.find("is no JSON"), std::string::npos);
}

HeldTurn::Options a_turn(const net::Endpoint& server, Nanoseconds most) {
  HeldTurn::Options options;
  options.server = server;
  options.most = most;
  return options;
}

TEST_F(Capacity, AHeldTurnTellsWhatElseIsServedAndLetsOwnTestsRunWithinIt) {
  const std::vector<Offer> offers{{"udpst", 24601, false}};
  auto server =
      Server::start({{net::Address::loopback(Family::kIpv4), Port{0}}}, clock_, random_, queue_, offers).value();
  const auto turn = HeldTurn::take(a_turn(server->endpoints()[0], seconds(60)), clock_, {}, never_);
  ASSERT_TRUE(turn) << turn.error().message();
  EXPECT_EQ(turn->offers(), offers);
  EXPECT_EQ(turn->offer("ndt7"), nullptr);
  EXPECT_FALSE(queue_.is_free_for("192.0.2.9"));
  ClientOptions within = options(Direction::kDown);
  within.server = server->endpoints()[0];
  Enough sink(3);
  const auto result = measure(within, clock_, sink, never_);
  expect_whole(result);
  EXPECT_EQ(sink.waited_for(), 0U);
}

TEST_F(Capacity, AHeldTurnEndsWithItsConnectionOrItsTime) {
  {
    const auto turn = HeldTurn::take(a_turn(server_->endpoints()[0], seconds(60)), clock_, {}, never_);
    ASSERT_TRUE(turn);
    EXPECT_TRUE(queue_.running());
  }
  // The next one comes as soon as the server has seen the end of the first; this one's time is short.
  const auto brief = HeldTurn::take(a_turn(server_->endpoints()[0], milliseconds(1)), clock_, {}, never_);
  ASSERT_TRUE(brief);
  auto after = queue_.enter("192.0.2.9", seconds(1));
  EXPECT_TRUE(after->wait(seconds(60)));
}

TEST_F(Capacity, WhoWaitsForAHeldTurnIsToldAndMayGiveUp) {
  const auto first = queue_.enter("192.0.2.9", seconds(10));
  std::atomic<bool> cancelled{false};
  std::uint64_t before = 0;
  const auto on_wait = [&](std::uint64_t tests, Nanoseconds) { before = tests, cancelled = true; };
  const auto turn = HeldTurn::take(a_turn(server_->endpoints()[0], seconds(60)), clock_, on_wait, cancelled);
  ASSERT_FALSE(turn);
  EXPECT_EQ(before, 1U);
  EXPECT_EQ(turn.error().reason, "stopped");
}

// Where nothing answers, as behind a firewall, who stops does not wait for it.
TEST_F(Capacity, ConnectingEndsWithTheFlag) {
  std::atomic<bool> cancelled{true};
  Enough sink(1);
  const MonotonicTime asked = clock_.now();
  ClientOptions away = options(Direction::kDown);
  away.server = net::Endpoint::parse("192.0.2.1:24601").value();  // RFC 5737: nobody
  const auto result = measure(away, clock_, sink, cancelled);
  ASSERT_TRUE(result) << result.error().message();
  EXPECT_EQ(result->ending, Ending::kCancelled);
  EXPECT_LT(clock_.now() - asked, seconds(4));
}

}  // namespace
}  // namespace gnomon::methods::capacity
