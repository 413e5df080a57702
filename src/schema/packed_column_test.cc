#include "schema/packed_column.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <gtest/gtest.h>

#include "core/random.h"

namespace gnomon::schema {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Written by the library, so that both sides cannot share a mistake.
std::string packed(std::span<const std::uint64_t> values) {
  std::string out;
  google::protobuf::io::StringOutputStream stream(&out);
  google::protobuf::io::CodedOutputStream coded(&stream);
  for (const std::uint64_t value : values) coded.WriteVarint64(value);
  coded.Trim();
  return out;
}

// Of every length of varint, small ones in runs.
std::vector<std::uint64_t> random_values(Random& random, std::size_t count) {
  std::vector<std::uint64_t> values;
  while (values.size() < count) {
    const auto bits = random.next() % 65;
    const std::size_t run = bits <= 7 ? random.next() % 20 : 1;
    for (std::size_t i = 0; i <= run && values.size() < count; ++i) {
      values.push_back(bits == 0 ? 0 : random.next() >> (64 - bits));
    }
  }
  return values;
}

TEST(PackedColumn, ReadsWhatTheLibraryWrote) {
  SeededRandom random(1);
  for (std::size_t count = 0; count < 300; ++count) {
    const auto values = random_values(random, count);
    const std::string wire = packed(values);
    EXPECT_EQ(count_varints(bytes_of(wire)), count);
    std::vector<std::uint32_t> words(count);
    std::vector<std::int32_t> enums(count), distances(count);
    std::vector<std::int64_t> longs(count);
    ASSERT_TRUE(read_packed(bytes_of(wire), std::span(words)));
    ASSERT_TRUE(read_packed(bytes_of(wire), std::span(enums)));
    ASSERT_TRUE(read_packed_zigzag(bytes_of(wire), std::span(distances)));
    ASSERT_TRUE(read_packed_zigzag(bytes_of(wire), std::span(longs)));
    for (std::size_t i = 0; i < count; ++i) {
      EXPECT_EQ(words[i], static_cast<std::uint32_t>(values[i]));
      EXPECT_EQ(enums[i], static_cast<std::int32_t>(values[i]));
      const auto half = static_cast<std::int64_t>(values[i] >> 1);
      EXPECT_EQ(longs[i], (values[i] & 1) != 0 ? -half - 1 : half);
      const auto short_half = static_cast<std::int32_t>(static_cast<std::uint32_t>(values[i]) >> 1);
      EXPECT_EQ(distances[i], (values[i] & 1) != 0 ? -short_half - 1 : short_half);
    }
  }
}

TEST(PackedColumn, RefusesTooFewTooManyAndCutShort) {
  SeededRandom random(2);
  for (std::size_t count = 1; count < 40; ++count) {
    const std::string wire = packed(random_values(random, count));
    std::vector<std::uint32_t> fewer(count - 1), more(count + 1), just(count);
    EXPECT_FALSE(read_packed(bytes_of(wire), std::span(fewer)));
    EXPECT_FALSE(read_packed(bytes_of(wire), std::span(more)));
    EXPECT_FALSE(read_packed(bytes_of(wire).first(wire.size() - 1), std::span(just)));
    EXPECT_FALSE(read_packed(bytes_of(wire + '\x80'), std::span(just)));
  }
}

TEST(PackedColumn, RefusesAVarintOfElevenBytes) {
  std::vector<std::uint32_t> one(1);
  EXPECT_TRUE(read_packed(bytes_of(std::string(9, '\x80') + '\x01'), std::span(one)));
  EXPECT_FALSE(read_packed(bytes_of(std::string(10, '\x80') + '\x01'), std::span(one)));
}

}  // namespace
}  // namespace gnomon::schema
