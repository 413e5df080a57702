#include "lab/link_settings.h"

#include <gtest/gtest.h>

namespace gnomon::lab {
namespace {

using std::chrono::milliseconds;

TEST(LinkSettings, ReadsEverySettingOfTheCommandLine) {
  const std::vector<std::string> words{"delay=40ms",   "jitter=3ms",  "loss=2%",    "ipv4_loss=1%",   "ipv6_loss=3%",
                                       "rate=100M",    "queue=200ms", "reorder=1%", "duplicate=0.1%", "mtu=1400",
                                       "blackhole=on", "police=50M",  "burst=1.5MB"};
  const auto change = parse_settings(words);
  ASSERT_TRUE(change.has_value()) << change.error().message();
  DirectionSettings settings;
  change->apply_to(settings);
  EXPECT_EQ(settings, (DirectionSettings{.delay = milliseconds(40),
                                         .jitter = milliseconds(3),
                                         .loss = 0.02,
                                         .ipv4_loss = 0.01,
                                         .ipv6_loss = 0.03,
                                         .rate = 100'000'000,
                                         .queue = milliseconds(200),
                                         .police = 50'000'000,
                                         .burst = 1'500'000,
                                         .reorder = 0.01,
                                         .duplicate = 0.001,
                                         .mtu = 1400,
                                         .blackhole = true}));
}

TEST(LinkSettings, LeavesWhatIsNotNamed) {
  DirectionSettings settings{.delay = milliseconds(7), .loss = 0.5};
  parse_settings(std::vector<std::string>{"loss=0"})->apply_to(settings);
  EXPECT_EQ(settings.delay, milliseconds(7));
  EXPECT_EQ(settings.loss, 0);
}

TEST(LinkSettings, NamesTheNearestWord) {
  const auto change = parse_settings(std::vector<std::string>{"dely=4ms"});
  ASSERT_FALSE(change.has_value());
  EXPECT_EQ(change.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(change.error().advice, "did you mean delay?");
}

TEST(LinkSettings, RefusesWhatItCannotDo) {
  for (const char* wrong : {"delay", "delay=", "delay=4", "delay=61s", "loss=120%", "mtu=1279", "mtu=9001", "mtu=x",
                            "rate=fast", "blackhole=maybe", "police=some", "burst=9kB", "burst=many"}) {
    EXPECT_FALSE(parse_settings(std::vector<std::string>{wrong}).has_value()) << wrong;
  }
  EXPECT_FALSE(parse_settings({}).has_value());
}

TEST(LinkSettings, DescribesADifferenceInWordsThatItReads) {
  const DirectionSettings base;
  const DirectionSettings changed{.delay = milliseconds(40), .loss = 0.02, .mtu = 1400};
  EXPECT_EQ(describe_difference(changed, base), "delay=40ms loss=2% mtu=1400");
  EXPECT_EQ(describe_difference(base, base), "");
}

}  // namespace
}  // namespace gnomon::lab
