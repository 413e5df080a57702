#include "methods/responsiveness/nq_route.h"

#include <gtest/gtest.h>

namespace gnomon::methods::responsiveness {
namespace {

http::Response ask(const std::string& host) {
  http::Router router;
  add_nq_route(router, Port{4043}, true);
  http::Request request;
  request.path = kWellKnownPath;
  request.target = kWellKnownPath;
  request.headers.set("Host", host);
  return router.handle(std::move(request));
}

TEST(NqRoute, NamesTheOtherPortOfTheHostThatWasAskedFor) {
  for (const auto& [host, authority] :
       {std::pair{"speed.example:8780", "speed.example:4043"}, std::pair{"[2001:db8::1]:8780", "[2001:db8::1]:4043"},
        std::pair{"192.0.2.1", "192.0.2.1:4043"}}) {
    const auto response = ask(host);
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.headers.get("Cache-Control"), "no-store");
    const auto config = decode_nq_config(std::as_bytes(std::span(std::get<std::string>(response.body))));
    ASSERT_TRUE(config) << config.error().reason;
    EXPECT_EQ(config->large.text(), std::string("https://") + authority + "/nq/large");
    EXPECT_EQ(config->upload.text(), std::string("https://") + authority + "/nq/upload");
  }
}

TEST(NqRoute, AHostThatWouldBreakTheObjectIsRefused) {
  for (const char* host : {"", "a\"b", "user@host", "host/path", "a b"}) EXPECT_EQ(ask(host).status, 400) << host;
}

}  // namespace
}  // namespace gnomon::methods::responsiveness
