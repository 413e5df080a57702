#include "http/endpoint.h"

#include "http/server.h"

namespace gnomon::http {
namespace {

TEST(Endpoint, Parses) {
  EXPECT_EQ(to_string(*parse_endpoint("[::1]:8780")), "[::1]:8780");
  EXPECT_EQ(to_string(*parse_endpoint("localhost:0")), "127.0.0.1:0");
  for (const char* bad : {"", "8780", ":8780", "::1:8780", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:70000", "host:80"}) {
    EXPECT_FALSE(parse_endpoint(bad).has_value()) << bad;
  }
}

TEST(Endpoint, KnowsLoopback) {
  EXPECT_TRUE(is_loopback_address("127.3.2.1"));
  EXPECT_TRUE(is_loopback_address("::1"));
  EXPECT_TRUE(is_loopback_address("::ffff:127.0.0.1"));
  EXPECT_FALSE(is_loopback_address("0.0.0.0"));
  EXPECT_FALSE(is_loopback_address("10.127.0.1"));
}

TEST(ServerStart, APortInUseNamesItsHolderAndWhatToDo) {
  const Router router;
  ServerOptions options;
  options.listen = "127.0.0.1:0";
  const auto first = Server::start(options, router).value();
  options.listen = fmt::format("127.0.0.1:{}", first->port());
  const auto second = Server::start(options, router);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_THAT(second.error().message(), testing::HasSubstr(fmt::format("port {} is in use by", first->port())));
  EXPECT_THAT(second.error().message(), testing::HasSubstr(fmt::format("pid {}", getpid())));
  EXPECT_THAT(second.error().message(), testing::HasSubstr("--listen"));
}

}  // namespace
}  // namespace gnomon::http
