#include "methods/udpst/rate_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/hex.h"
#include "crypto/sha256.h"

namespace gnomon::methods::udpst {
namespace {

// The tables of udpst 9.0.0 as `udpst -S` prints them, with -j and -T, one "interval payload burst interval payload
// burst add-on" a line ("r" before a random size), and the SHA-256 of all lines.
std::string lines_of(const RateTable& table) {
  std::string text;
  for (std::size_t i = 0; i < RateTable::kStandardRows; ++i) {
    const auto& row = table.row(i);
    const bool is_random = (row.addon2 & SendingRate::kRandomSize) != 0;
    text += fmt::format("{} {} {} {} {} {} {}{}\n", row.interval1_us, row.payload1, row.burst1, row.interval2_us,
                        row.payload2, row.burst2, is_random ? "r" : "", row.addon2 & ~SendingRate::kRandomSize);
  }
  return text;
}

TEST(UdpstRateTable, IsTheTableOfUdpst) {
  const std::pair<DatagramProfile, const char*> tables[] = {
      {{true, false}, "aadec41af9e036bd9e34c30a2c65e4cc5a97dbf77892750f9054a0cccdb9bac5"},
      {{false, false}, "a37cea3bb5e5d239f09c9a4365a9f5d91b75ca3560186ba531c933d57a2e2984"},
      {{true, true}, "9d368c2e6214703a0a2d34852f55a1530b6c7a20458a9a73a8c87757bd5209de"},
      {{false, true}, "39ec9314b4d727449594c2c293389df8f8ec471d9a9a65a80ed36f17c27aba0b"},
  };
  for (const auto& [profile, digest] : tables) {
    EXPECT_EQ(to_hex(crypto::sha256(lines_of(RateTable(profile)))), digest) << profile.jumbo << profile.traditional_mtu;
  }
}

TEST(UdpstRateTable, HasRowsThatUdpstShows) {
  const RateTable table({true, false});
  EXPECT_EQ(table.size(), RateTable::kRows);
  EXPECT_EQ(table.high_speed_index(), 1000U);
  EXPECT_EQ(table.row(123), (SendingRate{100, 1222, 1, 1000, 1222, 2, 347}));
  EXPECT_EQ(table.row(1152), (SendingRate{100, 8972, 100, 0, 0, 0, 0}));
}

TEST(UdpstRateTable, GoesOnToTwiceAsManyDatagrams) {
  const RateTable table({false, true});
  EXPECT_EQ(table.row(1152), (SendingRate{100, 1472, 100, 0, 0, 0, 0}));
  EXPECT_EQ(table.row(1153), (SendingRate{100, 1472, 100, 100, 1472, 5, 0}));
  EXPECT_EQ(table.row(1172), (SendingRate{100, 1472, 100, 100, 1472, 100, 0}));
  EXPECT_EQ(ip_rate(table.row(1172)), BitRate{24'000'000'000});
}

TEST(UdpstRateTable, RatesAreThoseOfIpPackets) {
  const RateTable table({true, false});
  for (const std::size_t i : {1U, 7U, 10U, 123U, 999U, 1000U}) EXPECT_EQ(ip_rate(table.row(i)), BitRate{i * 1'000'000});
  EXPECT_EQ(ip_rate(table.row(1152)), BitRate{72'000'000'000});
  EXPECT_EQ(ip_rate(table.row(0)), BitRate{106'400});  // (52 + 1222) / 2 + 28 bytes, 20 a second
  EXPECT_EQ(table.highest_below(BitRate{100'999'999}), 100U);
  EXPECT_EQ(table.highest_below(BitRate{1}), 0U);
}

TEST(UdpstRateTable, ARateBeyondAllNumbersIsTheGreatest) {
  EXPECT_EQ(ip_rate({1, UINT32_MAX, UINT32_MAX, 1, UINT32_MAX, UINT32_MAX, UINT32_MAX}),
            BitRate{10'000'000'000'000'000'000U});
}

TEST(UdpstRateTable, RefusesRatesThatNobodyCanSend) {
  const RateTable table({true, true});
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_TRUE(is_sane(table.row(i))) << i;
  EXPECT_FALSE(is_sane({99, 1000, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(is_sane({100, 1000, 101, 0, 0, 0, 0}));
  EXPECT_FALSE(is_sane({100, 8973, 1, 0, 0, 0, 0}));
  EXPECT_FALSE(is_sane({0, 0, 0, 1000, 51, 1, 0}));
  EXPECT_FALSE(is_sane({0, 0, 0, 1000, 0, 0, 51}));
  EXPECT_FALSE(is_sane({0, 0, 0, 1'000'001, 0, 0, 100}));
}

}  // namespace
}  // namespace gnomon::methods::udpst
