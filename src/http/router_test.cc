#include "http/router.h"

#include <stdexcept>

namespace gnomon::http {
namespace {

Handler says(std::string text) {
  return [text](const Request&) { return Response::text(text); };
}

Request request(Method method, std::string path) {
  Request made;
  made.method = method;
  made.path = std::move(path);
  return made;
}

std::string body_of(const Response& response) {
  return std::get<std::string>(response.body);
}

TEST(Router, FixedSegmentsWinOverParameters) {
  Router router;
  router.get("/paths/{id}", Access::kPublic, says("parameter"));
  router.get("/paths/all", Access::kPublic, says("fixed"));
  EXPECT_EQ(body_of(router.handle(request(Method::kGet, "/paths/all"))), "fixed");
  EXPECT_EQ(body_of(router.handle(request(Method::kGet, "/paths/1"))), "parameter");
}

TEST(Router, PassesParameters) {
  Router router;
  router.get("/paths/{id}/series", Access::kPublic,
             [](const Request& seen) { return Response::text(seen.parameters.at("id")); });
  router.get("/ledger/{rest...}", Access::kPublic,
             [](const Request& seen) { return Response::text(seen.parameters.at("rest")); });
  EXPECT_EQ(body_of(router.handle(request(Method::kGet, "/paths/ab/series"))), "ab");
  EXPECT_EQ(body_of(router.handle(request(Method::kHead, "/ledger/tile/0/x001/067"))), "tile/0/x001/067");
  EXPECT_EQ(router.handle(request(Method::kGet, "/paths//series")).status, 404);
  EXPECT_EQ(router.handle(request(Method::kGet, "/ledger/")).status, 404);
}

TEST(Router, AnotherMethodIs405WithAllow) {
  Router router;
  router.get("/probes", Access::kPublic, says(""));
  router.post("/probes", Access::kPublic, says(""));
  const auto refused = router.handle(request(Method::kDelete, "/probes"));
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.headers.get("Allow"), "GET, HEAD, POST");
}

TEST(Router, UnknownPathIs404InTheEnvelope) {
  const Router router;
  const auto refused = router.handle(request(Method::kGet, "/nothing\"here"));
  EXPECT_EQ(refused.status, 404);
  EXPECT_EQ(body_of(refused), R"({"error":{"code":"not_found","message":"no such resource: /nothing\"here"}})");
}

TEST(Router, FallbackAnswersGetOnly) {
  Router router;
  router.set_fallback(Access::kPublic, says("app"));
  EXPECT_EQ(body_of(router.handle(request(Method::kGet, "/mesh"))), "app");
  EXPECT_EQ(router.handle(request(Method::kPost, "/mesh")).status, 405);
}

TEST(Router, WithoutAGateOnlyPublicRoutesAnswer) {
  Router router;
  router.get("/open", Access::kPublic, says("open"));
  router.get("/closed", Access::kViewer, says("closed"));
  EXPECT_EQ(router.handle(request(Method::kGet, "/open")).status, 200);
  EXPECT_EQ(router.handle(request(Method::kGet, "/closed")).status, 401);
}

TEST(Router, TheGateSeesWhatTheRouteNeeds) {
  Router router;
  router.get("/closed", Access::kAdmin, [](const Request& seen) { return Response::text(seen.user); });
  router.set_gate([](Request& seen, Access needed) -> Status {
    if (seen.path == "/closed" && needed != Access::kAdmin) return failure(ErrorCode::kIo, "test", "", "wrong access");
    seen.user = "ann";
    return {};
  });
  EXPECT_EQ(body_of(router.handle(request(Method::kGet, "/closed"))), "ann");
}

TEST(Router, ErrorsBecomeStatuses) {
  Router router;
  router.get("/x", Access::kPublic,
             [](const Request&) -> Result<Response> { return failure(ErrorCode::kUnavailable, "read", "x", "busy"); });
  const auto busy = router.handle(request(Method::kGet, "/x"));
  EXPECT_EQ(busy.status, 503);
  EXPECT_TRUE(busy.headers.has("Retry-After"));
}

TEST(Router, ExceptionsAndDroppedRequestsAre500) {
  Router router;
  router.get("/throws", Access::kPublic, [](const Request&) -> Result<Response> { throw std::runtime_error("bug"); });
  router.add({Method::kGet, "/drops", Access::kPublic, kSmallBody, {}, [](const auto&, const Respond&) {}});
  EXPECT_EQ(router.handle(request(Method::kGet, "/throws")).status, 500);
  EXPECT_EQ(router.handle(request(Method::kGet, "/drops")).status, 500);
}

TEST(Router, AnswersOnceOnly) {
  Router router;
  router.add({Method::kGet, "/twice", Access::kPublic, kSmallBody, {}, [](const auto&, const Respond& respond) {
                respond(Response::text("first"));
                respond(Response::text("second"));
              }});
  EXPECT_EQ(body_of(router.handle(request(Method::kGet, "/twice"))), "first");
}

TEST(Headers, DropWhatWouldBreakFraming) {
  Headers headers;
  headers.set("X-A", "1\r\nSet-Cookie: x=y");
  EXPECT_TRUE(headers.fields().empty());
  headers.set("x-a", "1");
  headers.set("X-A", "2");
  EXPECT_EQ(headers.get("X-a"), "2");
  EXPECT_EQ(headers.fields().size(), 1U);
}

TEST(RequestCookie, FindsTheNamedOne) {
  Request made;
  made.headers.set("Cookie", "a=1; gnomon_session=abc; b=2");
  EXPECT_EQ(made.cookie("gnomon_session"), "abc");
  EXPECT_EQ(made.cookie("session"), std::nullopt);
}

}  // namespace
}  // namespace gnomon::http
