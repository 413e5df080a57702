// The assembled server on an ephemeral port with a real journal on files in memory, asked by curl, raw sockets and the
// client.

#include "server/server.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <future>
#include <set>
#include <sstream>

#include "core/hex.h"
#include "http/client.h"
#include "http/content_coding.h"
#include "http/raw_connection_for_test.h"
#include "journal/journal.h"
#include "segment/memory_file_system.h"
#include "server/api.h"
#include "server/batch_for_test.h"
#include "server/empty_store_for_test.h"
#include "server/openapi_text.h"
#include "server/plan_region.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using http::Access;
using http::Method;
using testing::HasSubstr;
using testing::StartsWith;
using Verdict = v1::IngestResponse;

class Recorder final : public BatchObserver {
 public:
  void on_durable(const DurableBatch& durable) override { sequences.push_back(durable.batch->head().sequence); }
  std::vector<std::uint64_t> sequences;
};

std::unique_ptr<journal::Journal> open_journal(segment::FileSystem& files, const Clock& clock) {
  journal::JournalOptions options;
  options.lock_folder = false;
  options.background = false;
  return journal::Journal::open(files, "/data", crypto::PrivateKey::generate(), clock, options).value();
}

class ServerTest : public testing::Test {
 protected:
  void start(ServerOptions options = {}) {
    options.http.listen = "127.0.0.1:0";
    const ServerParts parts{clock_, random_, *journal_, store_, users_, probes_, folder_.path()};
    server_ = std::make_unique<Server>(parts, std::move(options));
    server_->collector().add_observer(recorder_);
    api_.clock = &clock_;
    api_.store = &store_;
    api_.live = &live_;
    api_.changes = changes_.get();
    api_.feed = &feed_;
    api_.region = &region_;
    api_.observatory = server_.get();
    api_.storage = std::make_shared<StorageCache>(clock_, store_);
    add_api(server_->router(), api_);
    ASSERT_TRUE(probes_.enrol(probe_.key.public_key().bytes(), "", "").has_value());
    ASSERT_TRUE(users_.add("ann", Role::kAdmin, "correct horse").has_value());
    const Status started = server_->start();
    ASSERT_TRUE(started.has_value()) << started.error().message();
  }
  http::Client client(http::Headers headers = {}) {
    http::ClientOptions options;
    options.headers = std::move(headers);
    return http::Client::create(server_->url(), options).value();
  }
  http::ClientResponse ingest(const std::string& body) {
    return client().post("/api/v1/ingest", body, "application/x-protobuf").value();
  }
  static Verdict::Verdict verdict(const http::ClientResponse& response) {
    v1::IngestResponse answer;
    EXPECT_EQ(response.status, 200) << response.body;
    EXPECT_TRUE(answer.ParseFromString(response.body));
    return answer.acks_size() == 1 ? answer.acks(0).verdict() : Verdict::VERDICT_UNSPECIFIED;
  }
  // What curl prints for these arguments; the URL's path is appended to the server's.
  std::string curl(const std::string& arguments, const std::string& path) {
    const std::string command = fmt::format("curl -sS --max-time 10 {} '{}{}' 2>&1", arguments, server_->url(), path);
    std::string output;
    FILE* pipe = ::popen(command.c_str(), "r");
    char chunk[4096];
    for (std::size_t got = 0; (got = std::fread(chunk, 1, sizeof chunk, pipe)) > 0;) output.append(chunk, got);
    ::pclose(pipe);
    return output;
  }

  TemporaryFolder folder_;
  SystemClock clock_;
  SystemRandom random_;
  segment::MemoryFileSystem files_;
  std::unique_ptr<journal::Journal> journal_ = open_journal(files_, clock_);
  EmptyStore store_;
  Users users_{folder_.path() / "users.json", clock_, random_, PasswordCost{1, 64, 1}};
  ProbeRegistry probes_{folder_.path() / "probes.json", clock_};
  TestProbe probe_;
  Recorder recorder_;
  std::unique_ptr<Changes> changes_ = Changes::open({.folder = {}, .zone = {}}, clock_).value();
  LiveState live_{clock_};
  LiveFeed feed_{clock_, live_, [this] { return status_json(api_); }};
  PlanRegion region_ = PlanRegion::of_names("test", {"a", "b"});
  Api api_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, StoresABatchOnceAndCommitsItToTheLedger) {
  start();
  const auto body = ingest_body({probe_.signed_batch(1)});
  EXPECT_EQ(verdict(ingest(body)), Verdict::VERDICT_STORED);
  EXPECT_EQ(verdict(ingest(body)), Verdict::VERDICT_DUPLICATE);
  EXPECT_EQ(journal_->durable_records(), 1U);
  ASSERT_TRUE(journal_->publish().has_value());
  EXPECT_THAT(curl("", "/ledger/checkpoint"), HasSubstr("\n1\n"));
  EXPECT_THAT(curl("", "/ledger/key"), HasSubstr("gnomon/observatory"));
  EXPECT_EQ(curl("-o /dev/null -w '%{http_code} %{size_download}'", "/ledger/tile/0/000.p/1"), "200 32");
  EXPECT_THAT(curl("-i --path-as-is", "/ledger/tile/../../users.json"), HasSubstr("HTTP/1.1 4"));
  server_->stop();
  EXPECT_THAT(recorder_.sequences, testing::ElementsAre(1));
  const auto figures = server_->figures();
  EXPECT_EQ(figures.batches_stored, 1U);
  EXPECT_EQ(figures.batches_duplicate, 1U);
  EXPECT_EQ(figures.journal_records, 1U);
  EXPECT_EQ(figures.ledger_size, 1U);
  EXPECT_EQ(figures.lag_records, 1U) << "the tables of this test apply nothing";
}

TEST_F(ServerTest, CompressedBatchesAreTakenToo) {
  start();
  http::ClientRequest request;
  request.method = Method::kPost;
  request.target = "/api/v1/ingest";
  request.headers.set("Content-Type", "application/x-protobuf");
  request.headers.set("Content-Encoding", "zstd");
  request.body = *http::zstd_pack(ingest_body({probe_.signed_batch(1)}));
  EXPECT_EQ(verdict(client().send(request).value()), Verdict::VERDICT_STORED);
}

TEST_F(ServerTest, AFullDiskRefusesSaysSoAndRecoversByItself) {
  ServerOptions options;
  options.disk.pause = Nanoseconds(0);
  start(options);
  EXPECT_EQ(verdict(ingest(ingest_body({probe_.signed_batch(1)}))), Verdict::VERDICT_STORED);
  files_.set_capacity(1);
  const auto refused = ingest(ingest_body({probe_.signed_batch(2)}));
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.retry_after().has_value());
  EXPECT_TRUE(server_->figures().disk_refusing);
  files_.set_capacity(1U << 30);
  EXPECT_EQ(verdict(ingest(ingest_body({probe_.signed_batch(2)}))), Verdict::VERDICT_STORED);
  EXPECT_FALSE(server_->figures().disk_refusing);
  EXPECT_EQ(journal_->durable_records(), 2U);
}

TEST_F(ServerTest, OversizedAndTruncatedBodiesAreRefused) {
  start();
  EXPECT_THAT(curl("-i -X POST --data-binary @/dev/null -H 'Content-Length: 8388609'", "/api/v1/ingest"),
              HasSubstr("HTTP/1.1 413"));
  http::RawConnection raw(server_->port());
  raw.send("POST /api/v1/ingest HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n\x0a\x10");
  raw.end_sending();
  EXPECT_THAT(raw.read_all(), testing::AllOf(StartsWith("HTTP/1.1 400"), HasSubstr("at byte 2")));
  const auto cut = ingest(ingest_body({probe_.signed_batch(1)}).substr(0, 50));
  EXPECT_EQ(cut.status, 400);
  EXPECT_THAT(cut.body, HasSubstr("at byte"));
  EXPECT_EQ(curl("-o /dev/null -w '%{http_code}' -X POST --data-binary '{' -H 'Content-Type: application/json'",
                 "/api/v1/session"),
            "400");
}

TEST_F(ServerTest, EveryAnswerCarriesTheSecurityHeaders) {
  start();
  for (const char* path : {"/", "/api/v1/session", "/nothing.js", "/api/v1/nothing", "/healthz"}) {
    const auto head = curl("-i", path);
    EXPECT_THAT(head, HasSubstr("Content-Security-Policy: default-src 'none'; ")) << path;
    EXPECT_THAT(head, HasSubstr("X-Content-Type-Options: nosniff")) << path;
    EXPECT_THAT(head, HasSubstr("Cross-Origin-Resource-Policy: same-origin")) << path;
  }
}

TEST_F(ServerTest, TheApplicationIsServed) {
  start();
  EXPECT_THAT(curl("-i", "/"), testing::AllOf(HasSubstr("HTTP/1.1 200"), HasSubstr("text/html"), HasSubstr("<html")));
  EXPECT_THAT(curl("", "/paths/0123456789abcdef"), HasSubstr("<html"));
  EXPECT_THAT(curl("-i", "/api/v1/none"), HasSubstr(R"({"error":{"code":"not_found")"));
  EXPECT_THAT(curl("-i --path-as-is", "/../../etc/passwd"), HasSubstr("HTTP/1.1 400"));
  EXPECT_THAT(curl("-i --path-as-is", "/%2e%2e/etc/passwd"), HasSubstr("HTTP/1.1 400"));
}

TEST_F(ServerTest, AForeignHostNameIsRefusedOnLoopback) {
  start();
  EXPECT_THAT(curl("-i -H 'Host: evil.example'", "/api/v1/paths"), HasSubstr("HTTP/1.1 403"));
  EXPECT_THAT(curl("-i", "/api/v1/paths"), HasSubstr("HTTP/1.1 200"));
}

TEST_F(ServerTest, AnAdminLogsInEnrolsAndRemovesAProbe) {
  std::promise<ProbeId> removed;  // told on a handler's thread
  ServerOptions options;
  options.on_probe_removed = [&](const ProbeId& id) { removed.set_value(id); };
  start(options);
  const TestProbe other;
  const auto batch = ingest_body({other.signed_batch(1)});
  EXPECT_EQ(verdict(ingest(batch)), Verdict::VERDICT_UNKNOWN_KEY);
  const std::string jar = folder_.path() / "cookies";
  const auto login =
      curl(fmt::format("-c {} -d '{{\"user\":\"ann\",\"password\":\"correct horse\"}}' -H 'Content-Type: "
                       "application/json'",
                       jar),
           "/api/v1/session");
  const auto csrf = login.substr(login.find("\"csrf\":\"") + 8, 64);
  const auto enrol = fmt::format("-w ' %{{http_code}}' -d '{{\"public_key\":\"{}\",\"name\":\"new\"}}'",
                                 to_hex(other.key.public_key().bytes()));
  EXPECT_THAT(curl(enrol, "/api/v1/probes"), testing::EndsWith(" 401"));
  EXPECT_THAT(curl(enrol + " -b " + jar, "/api/v1/probes"), testing::EndsWith(" 403")) << "no CSRF header";
  const auto allowed = fmt::format(" -b {} -H 'X-Gnomon-Csrf: {}'", jar, csrf);
  EXPECT_THAT(curl(enrol + allowed, "/api/v1/probes"), testing::EndsWith(" 201"));
  EXPECT_THAT(curl(enrol + allowed, "/api/v1/probes"), testing::EndsWith(" 409"));
  EXPECT_THAT(curl("-w ' %{http_code}' -d '{\"public_key\":\"00\"}'" + allowed, "/api/v1/probes"),
              testing::EndsWith(" 400"));
  EXPECT_EQ(verdict(ingest(batch)), Verdict::VERDICT_STORED);
  const ProbeId id = crypto::probe_id(other.key.public_key());
  EXPECT_EQ(curl("-w '%{http_code}' -X DELETE" + allowed, "/api/v1/probes/" + to_string(id)), "204");
  auto told = removed.get_future();
  ASSERT_EQ(told.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  EXPECT_EQ(told.get(), id);
  EXPECT_EQ(verdict(ingest(ingest_body({other.signed_batch(2)}))), Verdict::VERDICT_UNKNOWN_KEY);
}

// Every route that there is, as somebody who must not: a forgotten access level fails here.
TEST_F(ServerTest, EveryRouteKeepsItsRole) {
  ServerOptions options;
  options.auth.require_login = true;
  start(options);
  ASSERT_TRUE(users_.add("bob", Role::kViewer, "battery staple").has_value());
  const auto viewer = users_.add_token("bob", Role::kViewer, "").value();
  std::size_t closed = 0;
  for (const auto& route : server_->router().routes()) {
    http::ClientRequest request;
    request.method = route.method;
    request.target = route.pattern;
    for (auto brace = request.target.find('{'); brace != std::string::npos; brace = request.target.find('{')) {
      request.target.replace(brace, request.target.find('}') - brace + 1, "0");
    }
    const int stranger = client().send(request).value().status;
    const auto name = std::string(to_string(route.method)) + " " + route.pattern;
    if (route.access == Access::kPublic) {
      EXPECT_NE(stranger, 401) << name;
    } else {
      EXPECT_EQ(stranger, 401) << name;
      ++closed;
    }
    if (route.access == Access::kAdmin) {
      EXPECT_EQ(client({{"Authorization", "Bearer " + viewer}}).send(request).value().status, 403) << name;
    }
  }
  EXPECT_GE(closed, 15U);
}

// "GET /api/v1/paths viewer" for each operation of docs/openapi.yaml: two, four and six spaces deep, as it is written.
std::set<std::string> described_operations() {
  std::set<std::string> operations;
  std::istringstream document{std::string(openapi_text())};
  std::string path;
  std::string method;
  for (std::string line; std::getline(document, line);) {
    const std::string_view text(line);
    constexpr std::string_view kAccess = "      x-access: ";
    if (text.starts_with("  /")) path = text.substr(2, text.find(':') - 2);
    for (const std::string_view verb : {"get", "post", "put", "patch", "delete"}) {
      if (text == fmt::format("    {}:", verb)) method = verb;
    }
    if (text.starts_with(kAccess)) {
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      operations.insert(fmt::format("{} {} {}", method, path, text.substr(kAccess.size())));
    }
  }
  return operations;
}

TEST_F(ServerTest, TheDescriptionAndTheRoutesAreTheSame) {
  start();
  std::set<std::string> routes;
  for (const auto& route : server_->router().routes()) {
    std::string pattern = route.pattern;
    if (const auto dots = pattern.find("..."); dots != std::string::npos) pattern.erase(dots, 3);
    routes.insert(fmt::format("{} {} {}", to_string(route.method), pattern, to_string(route.access)));
  }
  // Of the responsiveness server, which the programs start beside this one (cli/).
  routes.insert("GET /.well-known/nq public");
  EXPECT_EQ(routes, described_operations());
}

TEST_F(ServerTest, PublicRoutesAreTheseOnly) {
  start();
  std::vector<std::string> open;
  for (const auto& route : server_->router().routes()) {
    if (route.access == Access::kPublic) open.push_back(std::string(to_string(route.method)) + " " + route.pattern);
  }
  EXPECT_THAT(open, testing::UnorderedElementsAre(
                        "GET /api/v1/session", "POST /api/v1/session", "DELETE /api/v1/session", "POST /api/v1/ingest",
                        "GET /ledger/checkpoint", "GET /ledger/key", "GET /ledger/tile/{tile...}", "GET /healthz",
                        "GET /api/v1/status", "GET /api/v1/openapi.yaml", "GET /api/v1/plan-schema.json",
                        "GET /api/v1/schema", "GET /ndt/v7/download", "GET /ndt/v7/upload", "POST /api/v1/speed/ticket",
                        "GET /api/v1/speed/ticket/{id}", "DELETE /api/v1/speed/ticket/{id}", "GET /api/v1/speed/server",
                        "POST /api/v1/speed/result", "GET /api/v1/speed/result/{id}",
                        "GET /api/v1/speed/result/{id}/batch", "GET /api/v1/speed/result/{id}/proof"));
}

}  // namespace
}  // namespace gnomon::server
