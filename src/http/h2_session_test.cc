#include "http/h2_session.h"

#include <gtest/gtest.h>

namespace gnomon::http {
namespace {

struct Seen final : H2Events {
  std::vector<std::pair<H2Stream, H2Head>> heads;
  std::uint64_t body = 0;
  std::vector<H2Stream> ended, clean, broken;
  void on_head(H2Stream stream, const H2Head& head) override { heads.emplace_back(stream, head); }
  void on_body(H2Stream, std::span<const std::byte> bytes) override { body += bytes.size(); }
  void on_end(H2Stream stream) override { ended.push_back(stream); }
  void on_closed(H2Stream stream, bool is_clean) override { (is_clean ? clean : broken).push_back(stream); }
};

// Both ends in one thread; no sockets.
struct H2SessionTest : testing::Test {
  Seen client_seen, server_seen;
  H2Session client{H2Session::Role::kClient, {}, client_seen};
  H2Session server{H2Session::Role::kServer, {}, server_seen};

  static bool move(H2Session& from, H2Session& to, bool& fine) {
    const auto bytes = from.unsent();
    if (bytes.empty()) return false;
    fine = fine && to.receive(std::vector<std::byte>(bytes.begin(), bytes.end()));
    return true;
  }
  // False: one end would close the connection.
  bool exchange() {
    bool fine = true;
    for (bool moved = true; moved && fine;) {
      moved = move(client, server, fine);
      moved = move(server, client, fine) || moved;
    }
    return fine;
  }
  static H2Head get(std::string path) {
    H2Head head;
    head.method = "GET";
    head.scheme = "https";
    head.authority = "example.org";
    head.path = std::move(path);
    return head;
  }
};

TEST_F(H2SessionTest, RequestAndAnswer) {
  const auto stream = client.request(get("/x")).value();
  ASSERT_TRUE(exchange());
  ASSERT_EQ(server_seen.heads.size(), 1U);
  EXPECT_EQ(server_seen.heads[0].second.path, "/x");
  EXPECT_EQ(server_seen.heads[0].second.authority, "example.org");
  EXPECT_EQ(server_seen.ended, std::vector{stream});
  server.answer(stream, 200, {{"x-more", "1"}}, {"hello", 100'000});
  ASSERT_TRUE(exchange());
  ASSERT_EQ(client_seen.heads.size(), 1U);
  EXPECT_EQ(client_seen.heads[0].second.status, 200);
  EXPECT_EQ(client_seen.heads[0].second.fields.get("x-more"), "1");
  EXPECT_EQ(client_seen.body, 100'005U);
  EXPECT_EQ(server.generated(), 100'000U);
  EXPECT_EQ(client_seen.clean, std::vector{stream});
}

TEST_F(H2SessionTest, AnswerBeforeTheRequestEndsDeclinesTheRest) {
  auto head = get("/upload");
  head.method = "POST";
  const auto stream = client.request(head, {{}, std::uint64_t{1} << 40}).value();
  bool fine = true;
  for (int i = 0; i < 20; ++i) move(client, server, fine);
  ASSERT_EQ(server_seen.heads.size(), 1U);
  server.answer(stream, 503, {});
  ASSERT_TRUE(exchange());
  ASSERT_EQ(client_seen.heads.size(), 1U) << "the answer comes before the reset";
  EXPECT_EQ(client_seen.heads[0].second.status, 503);
  EXPECT_EQ(client_seen.clean, std::vector{stream});
  EXPECT_LT(client.generated(), 1'000'000U);
}

TEST_F(H2SessionTest, SmallAnswerPassesALargeOne) {
  const auto large = client.request(get("/large")).value();
  ASSERT_TRUE(exchange());
  server.answer(large, 200, {}, {{}, std::uint64_t{1} << 40});
  bool fine = true;
  for (int i = 0; i < 50; ++i) move(server, client, fine);
  const auto small = client.request(get("/small")).value();
  while (move(client, server, fine)) {
  }
  server.answer(small, 200, {}, {"x", 0});
  // Its head, its byte, and a frame of the large one between them at most.
  for (int i = 0; i < 4; ++i) move(server, client, fine);
  EXPECT_EQ(client_seen.ended, std::vector{small});
  EXPECT_TRUE(fine);
}

TEST_F(H2SessionTest, LongHeadsEndTheConnection) {
  auto head = get("/");
  for (int i = 0; i < 100; ++i) head.fields.add("x-" + std::to_string(i), std::string(100, 'v'));
  ASSERT_TRUE(client.request(head).has_value());
  exchange();
  EXPECT_TRUE(server_seen.heads.empty());
  EXPECT_TRUE(server.is_over());
}

TEST_F(H2SessionTest, RapidResetEndsTheConnection) {
  ASSERT_TRUE(exchange());
  int opened = 0;
  for (; opened < 10'000 && !server.is_over(); ++opened) {
    const auto stream = client.request(get("/"));
    if (!stream) break;
    bool fine = true;
    move(client, server, fine);  // its head is out before it is taken back
    client.reset(*stream);
    if (!exchange()) break;
  }
  EXPECT_LT(opened, 300);
}

TEST_F(H2SessionTest, WhatIsNoHttp2IsCorrupt) {
  const std::string text = "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello";
  const auto status = server.receive(std::as_bytes(std::span(text)));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt);
}

TEST_F(H2SessionTest, FieldsOfHttp1AreRefused) {
  auto head = get("/");
  head.fields.add("transfer-encoding", "chunked");
  ASSERT_TRUE(client.request(head).has_value());
  exchange();
  EXPECT_TRUE(server_seen.heads.empty());
  EXPECT_EQ(client_seen.broken.size(), 1U);
}

}  // namespace
}  // namespace gnomon::http
