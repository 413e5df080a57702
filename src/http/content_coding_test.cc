#include "http/content_coding.h"

namespace gnomon::http {
namespace {

TEST(Zstd, RoundTrips) {
  const std::string plain(100'000, 'x');
  EXPECT_EQ(zstd_expand(*zstd_pack(plain), 100'000).value(), plain);
  EXPECT_EQ(zstd_expand(*zstd_pack(""), 10).value(), "");
}

TEST(Zstd, RefusesBombs) {
  const auto bomb = *zstd_pack(std::string(50UL * 1024 * 1024, '\0'));
  ASSERT_LT(bomb.size(), 20'000U);
  const auto refused = zstd_expand(bomb, 8UL * 1024 * 1024);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
}

TEST(Zstd, RefusesGarbageAndTruncation) {
  EXPECT_FALSE(zstd_expand("not zstd at all", 100).has_value());
  EXPECT_FALSE(zstd_expand("", 100).has_value());
  const auto packed = *zstd_pack("some text that is long enough to be cut in the middle");
  for (std::size_t size = 1; size < packed.size(); ++size) {
    EXPECT_FALSE(zstd_expand(packed.substr(0, size), 1000).has_value()) << size;
  }
}

}  // namespace
}  // namespace gnomon::http
