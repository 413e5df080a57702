#include "cli/verify_result.h"

#include <gtest/gtest.h>

namespace gnomon::cli {
namespace {

TEST(VerifyResult, KnowsALinkToAResult) {
  const auto link = parse_result_link("https://speed.example:8443/speed/result?id=0badc0de");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->server, "https://speed.example:8443");
  EXPECT_EQ(link->id, "0badc0de");
  for (const char* other : {"https://speed.example", "https://speed.example/ledger", "/var/lib/gnomon",
                            "https://speed.example/speed/result?id=", "https://speed.example/speed/result?id=../x"}) {
    EXPECT_FALSE(parse_result_link(other)) << other;
  }
}

}  // namespace
}  // namespace gnomon::cli
