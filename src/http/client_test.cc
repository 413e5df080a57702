#include "http/client.h"

#include <cstdlib>
#include <filesystem>
#include <future>

#include "http/held_port_for_test.h"
#include "http/server.h"

namespace gnomon::http {
namespace {

std::unique_ptr<Server> serve(const Router& router, ServerOptions options = {}) {
  options.listen = "127.0.0.1:0";
  return Server::start(std::move(options), router).value();
}

TEST(ClientUrl, RefusesWhatIsNotAServer) {
  for (const char* bad :
       {"", "127.0.0.1:8780", "ftp://x", "http://", "http://user@host", "http://h:0", "http://h:99999"}) {
    EXPECT_FALSE(Client::create(bad).has_value()) << bad;
  }
}

TEST(Client, RefusedIsUnavailable) {
  const HeldPort nobody;
  auto client = Client::create("http://" + nobody.endpoint()).value();
  const auto answer = client.get("/");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message(), testing::HasSubstr("is the server running?"));
}

TEST(Client, OpensAKeptConnectionAnew) {
  Router router;
  router.get("/", Access::kPublic, [](const Request&) { return Response::text("x"); });
  ServerOptions options;
  options.limits.idle_timeout = std::chrono::milliseconds(1);
  const auto server = serve(router, options);
  auto client = Client::create(server->url()).value();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(client.get("/").value().status, 200);
}

TEST(Client, GivesUpInTime) {
  Router router;
  Respond kept;
  router.add({Method::kGet, "/", Access::kPublic, kSmallBody, {}, [&](const auto&, const Respond& r) { kept = r; }});
  const auto server = serve(router);
  ClientOptions options;
  options.request_timeout = std::chrono::milliseconds(50);
  auto client = Client::create(server->url(), options).value();
  const auto answer = client.get("/");
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().reason, testing::HasSubstr("in time"));
}

TEST(Client, CancelEndsARequestUnderWay) {
  Router router;
  std::promise<void> asked;
  Respond kept;
  router.add({Method::kGet, "/", Access::kPublic, kSmallBody, {}, [&](const auto&, const Respond& respond) {
                kept = respond;
                asked.set_value();
              }});
  const auto server = serve(router);
  auto client = Client::create(server->url()).value();
  auto answer = std::async(std::launch::async, [&] { return client.get("/"); });
  asked.get_future().wait();
  client.cancel();
  EXPECT_EQ(answer.get().error().reason, "cancelled");
  EXPECT_EQ(client.get("/").error().reason, "cancelled");
}

TEST(Client, BoundsTheAnswer) {
  Router router;
  router.get("/", Access::kPublic, [](const Request&) { return Response::text(std::string(2000, 'x')); });
  const auto server = serve(router);
  ClientOptions options;
  options.response_limit = 1000;
  EXPECT_EQ(Client::create(server->url(), options)->get("/").error().code, ErrorCode::kExhausted);
}

TEST(Client, ReadsErrorsOfTheServer) {
  const ClientResponse response{409, {}, R"({"error":{"code":"conflict","message":"held"}})"};
  EXPECT_EQ(error_of(response, "do", "it").message(), "do it: held");
  EXPECT_EQ(error_of({502, {}, "<html>"}, "do", "it").reason, "the server answered 502");
}

class ClientTls : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = std::filesystem::temp_directory_path() / fmt::format("gnomon-tls-{}", getpid());
    std::filesystem::create_directories(directory_);
    const auto command = fmt::format(
        "openssl req -x509 -newkey ed25519 -nodes -days 2 -subj /CN=gnomon -addext "
        "subjectAltName=IP:127.0.0.1 -keyout {0}/key.pem -out {0}/cert.pem 2>/dev/null",
        directory_.string());
    ASSERT_EQ(std::system(command.c_str()), 0);
    router_.get("/", Access::kPublic,
                [](const Request& request) { return Response::text(request.is_tls ? "tls" : ""); });
    ServerOptions options;
    options.tls_certificate = directory_ / "cert.pem";
    options.tls_key = directory_ / "key.pem";
    server_ = serve(router_, options);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path directory_;
  Router router_;
  std::unique_ptr<Server> server_;
};

TEST_F(ClientTls, TalksToAServerItTrusts) {
  ClientOptions options;
  options.ca_file = directory_ / "cert.pem";
  auto client = Client::create(server_->url(), options).value();
  EXPECT_EQ(client.get("/").value().body, "tls");
  EXPECT_EQ(client.get("/").value().body, "tls");
  EXPECT_EQ(server_->counters().connections_accepted, 1U);
}

TEST_F(ClientTls, RefusesAnUnknownAuthority) {
  const auto answer = Client::create(server_->url())->get("/");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kPermission);
}

TEST_F(ClientTls, RefusesAnotherName) {
  ClientOptions options;
  options.ca_file = directory_ / "cert.pem";
  const auto answer = Client::create(fmt::format("https://localhost:{}", server_->port()), options)->get("/");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, ErrorCode::kPermission);
}

TEST_F(ClientTls, AMissingKeyIsNamed) {
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  options.tls_certificate = directory_ / "none.pem";
  const auto refused = Server::start(options, router_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().message(), testing::HasSubstr("none.pem"));
}

}  // namespace
}  // namespace gnomon::http
