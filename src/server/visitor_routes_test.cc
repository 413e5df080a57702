// A visitor's upload against the assembled server: kept, shown, proved, and closed to others.

#include "server/visitor_routes.h"

#include <gtest/gtest.h>

#include "http/client.h"
#include "journal/batch_proof.h"
#include "journal/journal.h"
#include "methods/ndt7/ndt7_client.h"
#include "segment/memory_file_system.h"
#include "server/batch_for_test.h"
#include "server/empty_store_for_test.h"
#include "server/server.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using testing::HasSubstr;

// The text between `"name":"` and the next quote.
std::string member(const std::string& json, const std::string& name) {
  const std::string head = "\"" + name + "\":\"";
  const auto at = json.find(head);
  if (at == std::string::npos) return {};
  const auto begin = at + head.size();
  return json.substr(begin, json.find('"', begin) - begin);
}

class VisitorRoutesTest : public testing::Test {
 protected:
  VisitorRoutesTest() {
    journal::JournalOptions options;
    options.lock_folder = false;
    options.background = false;
    journal_ = journal::Journal::open(files_, "/data", crypto::PrivateKey::generate(), clock_, options).value();
    ServerOptions wanted;
    wanted.http.listen = "127.0.0.1:0";
    wanted.visitor_key = key_;
    wanted.speed_name = "speed.example";
    wanted.speed_hosts = {"v4.speed.example", ""};
    server_ = std::make_unique<Server>(ServerParts{clock_, random_, *journal_, store_, users_, probes_, folder_.path()},
                                       std::move(wanted));
    EXPECT_TRUE(server_->start());
  }
  http::ClientResponse get(const std::string& path) { return http::Client::create(server_->url())->get(path).value(); }
  http::ClientResponse post(const std::string& path, const std::string& body = "", http::Headers headers = {}) {
    http::ClientOptions options;
    options.headers = std::move(headers);
    return http::Client::create(server_->url(), options)->post(path, body, "application/json").value();
  }
  // An upload that the client ends in order after a little more than what is kept.
  methods::ndt7::RunResult upload(const std::string& ticket) {
    methods::ndt7::ClientOptions options;
    options.url = server_->url();
    options.download = false;
    options.ticket = ticket;
    options.run.length = std::chrono::milliseconds(1'100);
    return methods::ndt7::measure(options, clock_, random_).value().upload.value();
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  segment::MemoryFileSystem files_;
  std::unique_ptr<journal::Journal> journal_;
  EmptyStore store_;
  Users users_{folder_.path() / "users.json", clock_, random_, PasswordCost{1, 64, 1}};
  ProbeRegistry probes_{folder_.path() / "probes.json", clock_};
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
  std::unique_ptr<Server> server_;
};

TEST_F(VisitorRoutesTest, AnUploadIsKeptShownAndProved) {
  const std::string ticket = member(post("/api/v1/speed/ticket?tests=1").body, "id");
  const auto run = upload(ticket);
  const auto kept = post("/api/v1/speed/result",
                         fmt::format(R"({{"ticket":"{}","tests":[{{"direction":"up","throughput":12345}}]}})", ticket));
  ASSERT_EQ(kept.status, 201) << kept.body;
  const std::string path = "/api/v1/speed/result/" + member(kept.body, "id");
  EXPECT_EQ(get(path + "/proof").status, 503) << "no checkpoint yet";
  ASSERT_TRUE(journal_->publish());

  const auto shown = get(path);
  EXPECT_THAT(shown.body, HasSubstr(R"("server":"speed.example")"));
  EXPECT_THAT(shown.body, HasSubstr(R"("client":{"throughput":12345,)"));
  EXPECT_THAT(shown.body, HasSubstr(fmt::format(R"("moved_bytes":{},)", run.bytes))) << shown.body;
  EXPECT_EQ(shown.body.find("127.0.0.1"), std::string::npos);

  const auto proof = journal::decode_tlog_proof(get(path + "/proof").body);
  ASSERT_TRUE(proof) << proof.error().reason;
  const auto proven = journal::check_batch_proof(get(path + "/batch").body, *proof, journal_->ledger().key());
  ASSERT_TRUE(proven) << proven.error().message();
  EXPECT_EQ(proven->batch.public_key(), key_.public_key().bytes());
  EXPECT_EQ(proven->batch.content().access.front().moved_bytes, run.bytes);
}

TEST_F(VisitorRoutesTest, NobodyElseHandsInForVisitors) {
  TestProbe forger{key_};  // Even who had the key: it is not enrolled.
  const auto answer = http::Client::create(server_->url())
                          ->post("/api/v1/ingest", ingest_body({forger.signed_batch(1)}), "application/x-protobuf")
                          .value();
  v1::IngestResponse read;
  ASSERT_TRUE(read.ParseFromString(answer.body));
  EXPECT_EQ(read.acks(0).verdict(), v1::IngestResponse::VERDICT_UNKNOWN_KEY);
  EXPECT_EQ(journal_->durable_records(), 0U);
}

TEST_F(VisitorRoutesTest, RefusesWhatNeverRanAndOtherOriginsPages) {
  EXPECT_EQ(post("/api/v1/speed/result", R"({"ticket":"00"})").status, 404);
  EXPECT_EQ(post("/api/v1/speed/result", "[]").status, 400);
  EXPECT_EQ(post("/api/v1/speed/result", R"({"ticket":"00"})", {{"Origin", "https://elsewhere.example"}}).status, 403);
  EXPECT_EQ(post("/api/v1/speed/ticket?tests=5").status, 400);
  EXPECT_EQ(get("/api/v1/speed/result/" + std::string(44, '0')).status, 404);
}

TEST_F(VisitorRoutesTest, ItsNamesAreToldAndItsPageMayReachThem) {
  const auto answer = get("/api/v1/speed/server");
  EXPECT_EQ(answer.body, R"({"name":"speed.example","ipv4":"v4.speed.example","ipv6":null})");
  EXPECT_THAT(std::string(answer.headers.get("Content-Security-Policy").value_or("")),
              HasSubstr("connect-src 'self' ws://v4.speed.example ws://speed.example;"));
}

}  // namespace
}  // namespace gnomon::server
