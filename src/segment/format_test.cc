#include "segment/format.h"

#include <gtest/gtest.h>

#include "core/random.h"
#include "segment/crc32c.h"

namespace gnomon::segment {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// RFC 3720 appendix B.4.
TEST(Crc32c, FollowsThePublishedVectors) {
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0})), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::vector<std::byte>(32, std::byte{0xff})), 0x62a8ab43U);
  EXPECT_EQ(crc32c(bytes_of("123456789")), 0xe3069283U);
}

TEST(Crc32c, BothFormsAgreeAtEveryLengthAndInPieces) {
  SeededRandom random(1);
  std::vector<std::byte> bytes(300);
  random.fill(bytes);
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    const auto part = std::span<const std::byte>(bytes).first(n);
    EXPECT_EQ(crc32c(part), crc32c_portable(part));
    EXPECT_EQ(crc32c(part.subspan(n / 3), crc32c(part.first(n / 3))), crc32c(part));
  }
}

TEST(SegmentHeader, RoundTripsAndRefusesEveryFlippedBit) {
  const auto header = encode_header(0x0102030405060708);
  ASSERT_TRUE(decode_header(header));
  EXPECT_EQ(*decode_header(header), 0x0102030405060708U);
  for (std::size_t bit = 0; bit < header.size() * 8; ++bit) {
    auto flipped = header;
    flipped[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    EXPECT_FALSE(decode_header(flipped)) << bit;
  }
  EXPECT_FALSE(decode_header(std::span(header).first(31)));
}

TEST(SegmentRecord, RoundTripsAndRefusesEveryFlippedBit) {
  std::string record;
  encode_record(record, bytes_of("payload"), true);
  const auto view = decode_record(bytes_of(record));
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->starts_group);
  EXPECT_TRUE(std::ranges::equal(view->payload, bytes_of("payload")));
  for (std::size_t bit = 0; bit < record.size() * 8; ++bit) {
    std::string flipped = record;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(decode_record(bytes_of(flipped))) << bit;
  }
}

TEST(SegmentRecord, RefusesTruncationAndImpossibleLengths) {
  std::string record;
  encode_record(record, bytes_of("payload"), false);
  for (std::size_t n = 0; n < record.size(); ++n) EXPECT_FALSE(decode_record(bytes_of(record).first(n))) << n;
  EXPECT_FALSE(decode_record(bytes_of(std::string(64, '\0'))));
  EXPECT_FALSE(decode_record(bytes_of(std::string(64, '\xff'))));
}

TEST(SegmentName, RoundTripsAndRefusesOthers) {
  EXPECT_EQ(segment_name(42), "00000000000000000042.seg");
  EXPECT_EQ(*parse_segment_name(segment_name(UINT64_MAX)), UINT64_MAX);
  for (const char* name :
       {"42.seg", "0000000000000000004x.seg", "00000000000000000042.tmp", "99999999999999999999.seg"}) {
    EXPECT_FALSE(parse_segment_name(name)) << name;
  }
}

}  // namespace
}  // namespace gnomon::segment
