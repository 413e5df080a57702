#include "http/target.h"

namespace gnomon::http {
namespace {

TEST(Target, DecodesPathAndQuery) {
  const auto target = parse_target("/api/v1/paths/0af?q=a%20b+c&family=6&empty=&flag&family=4");
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(target->path, "/api/v1/paths/0af");
  EXPECT_EQ(target->query, (Fields{{"q", "a b c"}, {"family", "4"}, {"empty", ""}, {"flag", ""}}));
}

TEST(Target, TakesTheAbsoluteForm) {
  EXPECT_EQ(parse_target("http://host:8780/a?b=1")->path, "/a");
  EXPECT_EQ(parse_target("https://host")->path, "/");
}

TEST(Target, KeepsUtf8AndPlusInPaths) {
  EXPECT_EQ(parse_target("/%E5%B9%BF+x")->path, "/\u5e7f+x");
}

struct Refused {
  const char* name;
  std::string target;
};
class TargetRefuses : public testing::TestWithParam<Refused> {};
TEST_P(TargetRefuses, WithReasonAndOffset) {
  const auto target = parse_target(GetParam().target);
  ASSERT_FALSE(target.has_value());
  EXPECT_STRNE(target.error().reason, "");
  EXPECT_LE(target.error().offset, GetParam().target.size());
}
INSTANTIATE_TEST_SUITE_P(
    Traversal, TargetRefuses,
    testing::Values(Refused{"dots", "/a/../b"}, Refused{"single", "/./b"}, Refused{"encoded", "/%2e%2E/etc/passwd"},
                    Refused{"encoded_slash", "/a%2F..%2Fb"}, Refused{"backslash", "/a%5C..%5Cb"},
                    Refused{"raw_backslash", "/..\\x"}, Refused{"nul", "/a%00b"}, Refused{"newline", "/a%0Ab"},
                    Refused{"double_slash", "//etc/passwd"}, Refused{"broken_escape", "/a%4"},
                    Refused{"not_hex", "/a%zz"}, Refused{"latin1", "/%E9"}, Refused{"overlong", "/%C0%AF"},
                    Refused{"surrogate", "/%ED%A0%80"}, Refused{"relative", "a/b"}, Refused{"star", "*"},
                    Refused{"empty", ""}, Refused{"bad_query", "/?a=%f"}, Refused{"control_query", "/?a=%01"},
                    Refused{"long", "/" + std::string(kTargetLimit, 'a')}),
    [](const auto& param_info) { return param_info.param.name; });

TEST(Target, BoundsQueryFields) {
  std::string target = "/?";
  for (std::size_t i = 0; i < kQueryFieldLimit; ++i) target += fmt::format("a{}=1&", i);
  EXPECT_TRUE(parse_target(target).has_value());
  EXPECT_FALSE(parse_target(target + "b=1").has_value());
}

TEST(Target, EncodesBack) {
  const std::string text = "a b/c?\u5e7f";
  EXPECT_EQ(percent_decode(percent_encode(text), false), text);
}

}  // namespace
}  // namespace gnomon::http
