#include "server/auth.h"

#include "server/origin.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using http::Access;
using http::Method;
using http::Request;
using http::Response;
using testing::HasSubstr;
using testing::Not;

std::string body_of(const Response& response) {
  return std::holds_alternative<std::string>(response.body) ? std::get<std::string>(response.body) : "";
}

class AuthTest : public testing::Test {
 protected:
  AuthTest() {
    EXPECT_TRUE(users_.add("ann", Role::kAdmin, "correct horse").has_value());
    EXPECT_TRUE(users_.add("bob", Role::kViewer, "battery staple").has_value());
    make_auth({});
  }
  void make_auth(AuthOptions options) {
    router_ = std::make_unique<http::Router>();
    auth_ = std::make_unique<Auth>(users_, clock_, random_, std::move(options));
    auth_->add_to(*router_);
    const auto who = [](const Request& request) { return Response::text(request.user + "!"); };
    router_->get("/public", Access::kPublic, who);
    router_->get("/read", Access::kViewer, who);
    router_->post("/change", Access::kAdmin, who);
  }
  Request request(Method method, std::string path) const {
    Request made;
    made.method = method;
    made.path = std::move(path);
    made.remote_address = "192.0.2.1";
    made.headers.set("Host", "gnomon.example:8780");
    return made;
  }
  Request local(Method method, std::string path) const {
    Request made = request(method, std::move(path));
    made.remote_address = "127.0.0.1";
    made.is_loopback = made.listener_loopback = true;
    made.headers.set("Host", "localhost:8780");
    return made;
  }
  Response log_in(std::string_view user, std::string_view password, std::string_view cookie = {}) {
    Request made = request(Method::kPost, "/api/v1/session");
    made.body = fmt::format(R"({{"user":"{}","password":"{}"}})", user, password);
    if (!cookie.empty()) made.headers.set("Cookie", cookie);
    return router_->handle(std::move(made));
  }
  static std::string cookie_of(const Response& response) {
    const std::string text(response.headers.get("Set-Cookie").value_or(""));
    return text.substr(0, text.find(';'));
  }
  static std::string csrf_of(const Response& response) {
    const std::string body = body_of(response);
    return body.substr(body.find("\"csrf\":\"") + 8, 64);
  }
  int status(Request made) const { return router_->handle(std::move(made)).status; }

  TemporaryFolder folder_;
  ManualClock clock_;
  SystemRandom random_;
  Users users_{folder_.path() / "users.json", clock_, random_, PasswordCost{1, 64, 1}};
  std::unique_ptr<http::Router> router_;
  std::unique_ptr<Auth> auth_;
};

TEST_F(AuthTest, LoopbackOpensAsViewerWithoutALogin) {
  EXPECT_EQ(status(local(Method::kGet, "/read")), 200);
  EXPECT_EQ(status(local(Method::kPost, "/change")), 401);
  EXPECT_EQ(body_of(router_->handle(local(Method::kGet, "/api/v1/session"))),
            R"({"user":null,"role":"viewer","login_required":false,"csrf":null})");
}

TEST_F(AuthTest, ElsewhereALoginIsAsked) {
  EXPECT_EQ(status(request(Method::kGet, "/public")), 200);
  EXPECT_EQ(status(request(Method::kGet, "/read")), 401);
  EXPECT_EQ(body_of(router_->handle(request(Method::kGet, "/api/v1/session"))),
            R"({"user":null,"role":null,"login_required":true,"csrf":null})");
}

TEST_F(AuthTest, ALoopbackPeerOfAPublicPortIsAsked) {
  Request made = local(Method::kGet, "/read");
  made.listener_loopback = false;
  EXPECT_EQ(status(made), 401);
}

TEST_F(AuthTest, RequireLoginAsksOnLoopbackToo) {
  make_auth({.require_login = true});
  EXPECT_EQ(status(local(Method::kGet, "/read")), 401);
}

TEST_F(AuthTest, DnsRebindingIsRefused) {
  for (const char* host : {"evil.example", "127.0.0.1.evil.example", "localhost.evil.example", ""}) {
    Request made = local(Method::kGet, "/read");
    made.headers.set("Host", host);
    EXPECT_EQ(status(made), 403) << host;
  }
  for (const char* host : {"localhost", "LOCALHOST:1", "gnomon.localhost:8780", "127.0.0.1:8780", "[::1]:8780"}) {
    Request made = local(Method::kGet, "/read");
    made.headers.set("Host", host);
    EXPECT_EQ(status(made), std::string_view(host) == "LOCALHOST:1" ? 403 : 200) << host;
  }
  make_auth({.hosts = {"gnomon.lan"}});
  Request made = local(Method::kGet, "/read");
  made.headers.set("Host", "gnomon.lan:8780");
  EXPECT_EQ(status(made), 200);
}

TEST_F(AuthTest, ALoginSetsAStrictCookie) {
  const auto response = log_in("ann", "correct horse");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(body_of(response), HasSubstr(R"("user":"ann","role":"admin","login_required":true,"csrf":")"));
  const auto cookie = response.headers.get("Set-Cookie").value();
  EXPECT_THAT(std::string(cookie), HasSubstr("HttpOnly; SameSite=Strict"));
  EXPECT_THAT(std::string(cookie), Not(HasSubstr("Secure")));
}

TEST_F(AuthTest, OverTlsTheCookieIsSecure) {
  Request made = request(Method::kPost, "/api/v1/session");
  made.is_tls = true;
  made.body = R"({"user":"ann","password":"correct horse"})";
  EXPECT_THAT(std::string(router_->handle(made).headers.get("Set-Cookie").value()), HasSubstr("; Secure"));
}

TEST_F(AuthTest, RolesDecide) {
  struct Row {
    const char* user;
    const char* password;
    Method method;
    const char* path;
    int status;
  };
  for (const Row& row : {Row{"ann", "correct horse", Method::kGet, "/read", 200},
                         Row{"ann", "correct horse", Method::kPost, "/change", 200},
                         Row{"bob", "battery staple", Method::kGet, "/read", 200},
                         Row{"bob", "battery staple", Method::kPost, "/change", 403}}) {
    const auto login = log_in(row.user, row.password);
    Request made = request(row.method, row.path);
    made.headers.set("Cookie", cookie_of(login));
    made.headers.set("X-Gnomon-Csrf", csrf_of(login));
    EXPECT_EQ(status(made), row.status) << row.user << row.path;
  }
}

TEST_F(AuthTest, AChangeNeedsTheCsrfHeader) {
  const auto login = log_in("ann", "correct horse");
  Request made = request(Method::kPost, "/change");
  made.headers.set("Cookie", cookie_of(login));
  EXPECT_EQ(status(made), 403);
  made.headers.set("X-Gnomon-Csrf", std::string(64, '0'));
  EXPECT_EQ(status(made), 403);
  made.headers.set("X-Gnomon-Csrf", csrf_of(log_in("ann", "correct horse")));
  EXPECT_EQ(status(made), 403) << "another session's";
  made.headers.set("X-Gnomon-Csrf", csrf_of(login));
  EXPECT_EQ(status(made), 200);
}

TEST_F(AuthTest, AnotherOriginsPageIsRefused) {
  const auto login = log_in("ann", "correct horse");
  Request made = request(Method::kPost, "/change");
  made.headers.set("Cookie", cookie_of(login));
  made.headers.set("X-Gnomon-Csrf", csrf_of(login));
  made.headers.set("Origin", "http://gnomon.example:8780");
  EXPECT_EQ(status(made), 200);
  for (const char* origin : {"http://evil.example", "null", "http://gnomon.example"}) {
    made.headers.set("Origin", origin);
    EXPECT_EQ(status(made), 403) << origin;
  }
  Request login_from_elsewhere = request(Method::kPost, "/api/v1/session");
  login_from_elsewhere.headers.set("Sec-Fetch-Site", "cross-site");
  login_from_elsewhere.body = R"({"user":"ann","password":"correct horse"})";
  EXPECT_EQ(status(login_from_elsewhere), 403);
}

TEST_F(AuthTest, APlantedSessionIsNotTakenOver) {
  const auto planted = cookie_of(log_in("bob", "battery staple"));
  const auto login = log_in("ann", "correct horse", planted);
  EXPECT_NE(cookie_of(login), planted);
  Request made = request(Method::kGet, "/read");
  made.headers.set("Cookie", planted);
  EXPECT_EQ(status(made), 401) << "the old session ended";
  const auto own_choice = cookie_of(log_in("ann", "correct horse", "gnomon_session=" + std::string(64, 'a')));
  EXPECT_NE(own_choice, "gnomon_session=" + std::string(64, 'a'));
}

TEST_F(AuthTest, UnknownUserAndWrongPasswordLookTheSame) {
  const auto unknown = log_in("nobody", "correct horse");
  const auto wrong = log_in("ann", "wrong horse battery");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(unknown.status, wrong.status);
  EXPECT_EQ(body_of(unknown), body_of(wrong));
}

TEST_F(AuthTest, GuessingIsSlowed) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(log_in("ann", "wrong password").status, 401);
  const auto refused = log_in("ann", "correct horse");
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.get("Retry-After"), "900");
  clock_.advance(std::chrono::minutes(15));
  EXPECT_EQ(log_in("ann", "correct horse").status, 200);
}

TEST_F(AuthTest, MalformedLoginsAreRefused) {
  for (const char* body : {"", "[]", "{}", R"({"user":1,"password":"x"})", R"({"user":"ann"})",
                           R"({"user":"ann","password":"correct horse","more":1})"}) {
    Request made = request(Method::kPost, "/api/v1/session");
    made.body = body;
    EXPECT_EQ(status(made), 400) << body;
  }
}

TEST_F(AuthTest, LogoutEndsTheSession) {
  const auto login = log_in("ann", "correct horse");
  Request made = request(Method::kDelete, "/api/v1/session");
  made.headers.set("Cookie", cookie_of(login));
  EXPECT_EQ(status(made), 403) << "without the CSRF header a hostile page could log out";
  made.headers.set("X-Gnomon-Csrf", csrf_of(login));
  EXPECT_EQ(status(made), 204);
  Request after = request(Method::kGet, "/read");
  after.headers.set("Cookie", cookie_of(login));
  EXPECT_EQ(status(after), 401);
}

TEST_F(AuthTest, ANewPasswordEndsOtherSessions) {
  const auto here = log_in("ann", "correct horse");
  const auto there = log_in("ann", "correct horse");
  Request made = request(Method::kPost, "/api/v1/password");
  made.headers.set("Cookie", cookie_of(here));
  made.headers.set("X-Gnomon-Csrf", csrf_of(here));
  made.body = R"({"old":"wrong horse","new":"new correct horse"})";
  EXPECT_EQ(status(made), 403);
  made.body = R"({"old":"correct horse","new":"short"})";
  EXPECT_EQ(status(made), 400);
  made.body = R"({"old":"correct horse","new":"new correct horse"})";
  EXPECT_EQ(status(made), 204);
  Request read = request(Method::kGet, "/read");
  read.headers.set("Cookie", cookie_of(here));
  EXPECT_EQ(status(read), 200);
  read.headers.set("Cookie", cookie_of(there));
  EXPECT_EQ(status(read), 401);
  EXPECT_EQ(log_in("ann", "new correct horse").status, 200);
}

TEST_F(AuthTest, TokensNeedNoCsrf) {
  const auto token = users_.add_token("ann", Role::kAdmin, "").value();
  Request made = request(Method::kPost, "/change");
  made.headers.set("Authorization", "Bearer " + token);
  EXPECT_EQ(status(made), 200);
  made.headers.set("Authorization", "Bearer " + token + "x");
  EXPECT_EQ(status(made), 401);
  Request local_one = local(Method::kGet, "/read");
  local_one.headers.set("Authorization", "Bearer wrong");
  EXPECT_EQ(status(local_one), 401) << "a wrong token is never ignored";
}

TEST_F(AuthTest, ARemovedUserLosesItsSession) {
  const auto login = log_in("bob", "battery staple");
  ASSERT_TRUE(users_.remove("bob").has_value());
  Request made = request(Method::kGet, "/read");
  made.headers.set("Cookie", cookie_of(login));
  EXPECT_EQ(status(made), 401);
}

TEST(Origin, ReadsHostHeaders) {
  EXPECT_EQ(host_name("example.org:80"), "example.org");
  EXPECT_EQ(host_name("[2001:db8::1]:80"), "2001:db8::1");
  EXPECT_EQ(host_name(""), "");
  EXPECT_FALSE(names_this_machine(host_name("[")));
  EXPECT_FALSE(names_this_machine(host_name("[::1")));
  EXPECT_FALSE(names_this_machine(host_name("[::1].evil.example")));
  EXPECT_FALSE(names_this_machine("127.evil.example"));
  EXPECT_FALSE(names_this_machine("localhost.example"));
}

}  // namespace
}  // namespace gnomon::server
