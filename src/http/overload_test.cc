// What the server does when there is too much: who is refused, who gives way, who is served all the same.

#include <future>

#include "http/client.h"
#include "http/content_coding.h"
#include "http/raw_connection_for_test.h"
#include "http/server.h"

namespace gnomon::http {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

const std::string kGet = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const std::string kPost = "POST /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";

class OverloadTest : public testing::Test {
 protected:
  OverloadTest() {
    router_.get("/hello", Access::kPublic, [](const Request&) { return Response::text("hello"); });
    router_.post("/echo", Access::kPublic, [](const Request& request) { return Response::text(request.body); });
    options_.listen = "127.0.0.1:0";
  }
  ~OverloadTest() override {
    for (auto& gate : gates_) gate->set_value();
    server_.reset();
  }
  void start() { server_ = Server::start(options_, router_).value(); }
  // A route whose handler waits until the test ends.
  void add_stuck_route(std::string pattern, Lane lane) {
    auto& gate = gates_.emplace_back(std::make_unique<std::promise<void>>());
    auto open = gate->get_future().share();
    const auto handler = [this, open](const Request&) {
      if (!entered_told_.exchange(true)) entered_.set_value();
      open.wait();
      return Response::text("late");
    };
    router_.add({Method::kGet, std::move(pattern), Access::kPublic, kSmallBody, handler, {}, lane});
  }
  std::unique_ptr<RawConnection> send(std::string_view bytes) {
    auto raw = std::make_unique<RawConnection>(server_->port());
    raw->send(bytes);
    return raw;
  }
  std::string exchange(std::string_view bytes) { return send(bytes)->read_all(); }

  Router router_;
  ServerOptions options_;
  std::vector<std::unique_ptr<std::promise<void>>> gates_;
  std::promise<void> entered_;
  std::atomic<bool> entered_told_{false};
  std::unique_ptr<Server> server_;
};

TEST_F(OverloadTest, TheLongestSilentMakesPlaceForANewcomer) {
  options_.limits.connections = 2;
  options_.limits.patience = milliseconds(0);
  start();
  const auto first = send("GET /hello HTTP/1.1\r\nX-Slow:");
  const auto second = send("GET /hello HTTP/1.1\r\nX-Slow:");
  EXPECT_THAT(exchange(kGet), EndsWith("hello"));
  EXPECT_EQ(first->read_all(), "");
  EXPECT_FALSE(first->timed_out()) << "it was ended, not forgotten";
  second->send(" no more\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(second->read_all(), EndsWith("hello")) << "the other stayed";
}

TEST_F(OverloadTest, WhoIsBeingServedIsNotDrivenOut) {
  add_stuck_route("/stuck", Lane::kRead);
  options_.limits.connections = 1;
  options_.limits.patience = milliseconds(0);
  start();
  const auto busy = send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.get_future().wait();
  EXPECT_THAT(exchange(kGet), StartsWith("HTTP/1.1 503 "));
}

TEST_F(OverloadTest, AnAnnouncedBodyHoldsNoRoom) {
  options_.limits.body_bytes_in_flight = 1000;
  options_.limits.patience = hours(1);
  start();
  const auto announced = send(kPost + "Content-Length: 60000\r\n\r\n");
  const auto chunked = send(kPost + "Transfer-Encoding: chunked\r\n\r\n");
  EXPECT_THAT(exchange(kPost + "Content-Length: 2\r\n\r\nok"), EndsWith("ok"));
}

TEST_F(OverloadTest, TheSlowestBodyGivesWay) {
  options_.limits.body_bytes_in_flight = 1000;
  options_.limits.patience = milliseconds(0);
  start();
  const auto slow = send(kPost + "Content-Length: 1000\r\nExpect: 100-continue\r\n\r\n" + std::string(900, 'x'));
  slow->read_until("100 Continue\r\n\r\n");
  const auto quick = send(kPost + "Content-Length: 500\r\nExpect: 100-continue\r\n\r\n" + std::string(400, 'y'));
  EXPECT_EQ(slow->read_all(), "");
  EXPECT_FALSE(slow->timed_out());
  quick->send(std::string(100, 'y'));
  EXPECT_THAT(quick->read_all(), EndsWith(std::string(500, 'y')));
}

TEST_F(OverloadTest, AnExpansionNeedsRoomBeforeItHappens) {
  options_.limits.body_bytes_in_flight = 10'000;
  start();
  const std::string packed = *zstd_pack(std::string(20'000, 'x'));
  const auto fields = fmt::format("Content-Encoding: zstd\r\nContent-Length: {}\r\n\r\n", packed.size());
  EXPECT_THAT(exchange(kPost + fields + packed), StartsWith("HTTP/1.1 503 "));
}

TEST_F(OverloadTest, AFullLaneRefusesAndTheOthersServe) {
  add_stuck_route("/stuck", Lane::kIngest);
  options_.ingest_threads = 1;
  options_.limits.queued_requests = 1;
  start();
  const std::string stuck = "GET /stuck HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const auto running = send(stuck);
  entered_.get_future().wait();
  // One waits, the other is refused; which is which they decide among themselves.
  const auto one = send(stuck);
  const auto other = send(stuck);
  const auto refused = std::async(std::launch::async, [&] { return one->read_until("\r\n\r\n"); });
  const auto refused_too = std::async(std::launch::async, [&] { return other->read_until("\r\n\r\n"); });
  while (server_->counters().responses_5xx == 0) std::this_thread::yield();
  EXPECT_THAT(exchange(kGet), EndsWith("hello"));
  EXPECT_EQ(server_->counters().responses_5xx, 1U);
  gates_.back()->set_value();
  gates_.clear();
  EXPECT_TRUE(refused.valid() && refused_too.valid());
}

TEST_F(OverloadTest, WhoWaitedTooLongInTheQueueIsToldToComeBack) {
  options_.limits.queue_time = milliseconds(-1);  // Any time at all is too long.
  start();
  const auto answer = exchange(kGet);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(answer, HasSubstr("Retry-After: "));
}

TEST_F(OverloadTest, AnswersThatNobodyFetchesAreBounded) {
  router_.get("/large", Access::kPublic, [](const Request&) { return Response::text(std::string(32UL << 20, 'x')); });
  options_.limits.answer_bytes_in_flight = 1;
  options_.limits.patience = hours(1);
  start();
  const auto reader = send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  reader->read_until("\r\n\r\n");  // and not the body
  EXPECT_THAT(exchange(kGet), StartsWith("HTTP/1.1 503 "));
}

TEST_F(OverloadTest, TheSlowestReaderGivesWay) {
  router_.get("/large", Access::kPublic, [](const Request&) { return Response::text(std::string(32UL << 20, 'x')); });
  options_.limits.answer_bytes_in_flight = 1;
  options_.limits.patience = milliseconds(0);
  start();
  const auto reader = send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  reader->read_until("\r\n\r\n");
  EXPECT_THAT(exchange(kGet), EndsWith("hello"));
  EXPECT_LT(reader->read_all().size(), 32UL << 20);
}

TEST_F(OverloadTest, NoUpgradeToWebSocket) {
  start();
  const auto answers =
      exchange("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" + kGet);
  EXPECT_THAT(answers, StartsWith("HTTP/1.1 501 "));
  EXPECT_EQ(answers.find("HTTP/1.1", 8), std::string::npos) << "nothing behind it is read as a request";
}

}  // namespace
}  // namespace gnomon::http
