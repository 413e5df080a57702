#include "server/api_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gnomon::server {
namespace {

using testing::HasSubstr;

const WallTime kNow{std::chrono::hours(24 * 20000)};

TEST(SeriesRequest, DefaultsToTheLastHour) {
  const auto request = parse_series_request({}, kNow);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->to, kNow);
  EXPECT_EQ(request->from, kNow - std::chrono::hours(1));
  EXPECT_EQ(request->points, 600U);
}

TEST(SeriesRequest, NamesWhatIsWrong) {
  const http::Fields wrong[] = {{{"from", "yesterday"}}, {{"from", "-1"}},     {{"from", "9"}, {"to", "9"}},
                                {{"points", "0"}},       {{"points", "2001"}}, {{"to", "99999999999999999999"}},
                                {{"points", "10 "}},     {{"points", ""}}};
  for (const http::Fields& query : wrong) {
    const auto request = parse_series_request(query, kNow);
    ASSERT_FALSE(request) << query.begin()->second;
    EXPECT_EQ(request.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(request.error().subject, query.begin()->first);
  }
}

TEST(LiveInterest, IsEverythingWholeUnlessSaid) {
  const auto all = parse_live_interest({});
  ASSERT_TRUE(all);
  EXPECT_EQ(*all, LiveInterest{});
  const auto some =
      parse_live_interest({{"rows", "figures"}, {"family", "6"}, {"method", "stamp"}, {"path", "00000000000000ff"}});
  ASSERT_TRUE(some);
  EXPECT_EQ(*some, (LiveInterest{LiveInterest::Rows::kFigures, "stamp", 6, PathId{255}}));
}

TEST(LiveInterest, NamesWhatIsWrong) {
  const http::Fields wrong[] = {{{"rows", "all"}}, {{"path", "ff"}}, {{"family", "5"}}, {{"method", "Echo"}}};
  for (const http::Fields& query : wrong) {
    const auto interest = parse_live_interest(query);
    ASSERT_FALSE(interest) << query.begin()->second;
    EXPECT_EQ(interest.error().subject, query.begin()->first);
  }
}

TEST(MeshRequest, TakesOnlyWhatThereIs) {
  const auto request =
      parse_mesh_request({{"figure", "loss_ratio"}, {"family", "6"}, {"method", "stamp"}, {"minutes", "60"}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->figure, Figure::kLossRatio);
  EXPECT_EQ(request->family, 6);
  EXPECT_EQ(request->method, "stamp");
  EXPECT_EQ(request->minutes, 60);
  EXPECT_FALSE(parse_mesh_request({{"figure", "rtt_p98"}}));
  EXPECT_FALSE(parse_mesh_request({{"family", "5"}}));
  EXPECT_FALSE(parse_mesh_request({{"minutes", "61"}}));
  EXPECT_FALSE(parse_mesh_request({{"method", "Echo!"}}));
}

TEST(PathFilterQuery, RefusesStatesThatThereAreNot) {
  EXPECT_EQ(parse_path_filter({{"state", "broken"}})->state, analysis::PathState::kBroken);
  EXPECT_FALSE(parse_path_filter({{"state", "fine"}}));
  EXPECT_FALSE(parse_path_filter({{"q", std::string(129, 'x')}}));
}

TEST(LinkCommandBody, ReadsASetting) {
  const auto command = parse_link_command(
      R"({"action":"set","direction":"a-b","settings":{"delay_us":40000,"loss_ratio":0.02,"rate_bps":1e8}})", "a--b");
  ASSERT_TRUE(command) << command.error().message();
  EXPECT_EQ(command->action, LinkAction::kSet);
  EXPECT_EQ(command->link, "a--b");
  EXPECT_EQ(command->direction, "a-b");
  EXPECT_EQ(command->settings.delay_us, 40'000);
  EXPECT_EQ(command->settings.loss_ratio, 0.02);
  EXPECT_EQ(command->settings.rate_bps, 100'000'000);
  EXPECT_EQ(command->settings.mtu, std::nullopt);
}

TEST(LinkCommandBody, NamesWhatIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "not JSON"},
      {"[]", "object"},
      {"{}", "action"},
      {R"({"action":"explode"})", "action"},
      {R"({"action":"set"})", "settings"},
      {R"({"action":"set","settings":{}})", "settings"},
      {R"({"action":"fail","settings":{"mtu":1}})", "settings"},
      {R"({"action":"fail","when":"now"})", "when"},
      {R"({"action":"set","settings":{"latency":1}})", "latency"},
      {R"({"action":"set","settings":{"loss_ratio":1.1}})", "loss_ratio"},
      {R"({"action":"set","settings":{"delay_us":-1}})", "delay_us"},
      {R"({"action":"set","settings":{"delay_us":1.5}})", "delay_us"},
      {R"({"action":"set","settings":{"mtu":"1500"}})", "mtu"},
      {R"({"action":"set","settings":{"rate_bps":1e300}})", "rate_bps"},
      {R"({"action":7})", "action"},
  };
  for (const auto& [body, name] : wrong) {
    const auto command = parse_link_command(body, "a--b");
    ASSERT_FALSE(command) << body;
    EXPECT_EQ(command.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(command.error().message(), HasSubstr(name)) << body;
  }
}

TEST(RetentionBody, SecondsOrForEver) {
  EXPECT_EQ(parse_retention(R"({"level":"1m","seconds":86400})")->keep, std::chrono::hours(24));
  EXPECT_EQ(parse_retention(R"({"level":"1d","seconds":null})")->keep, std::nullopt);
  EXPECT_FALSE(parse_retention(R"({"level":"1m"})"));
  EXPECT_FALSE(parse_retention(R"({"level":"1y","seconds":86400})"));
  EXPECT_FALSE(parse_retention(R"({"level":"1m","seconds":10})"));
  EXPECT_FALSE(parse_retention(R"({"level":"1m","seconds":1e12})"));
}

}  // namespace
}  // namespace gnomon::server
