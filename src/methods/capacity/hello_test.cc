#include "methods/capacity/hello.h"

#include <gtest/gtest.h>

namespace gnomon::methods::capacity {
namespace {

TEST(CapacityHello, IsReadAsItWasWritten) {
  Hello hello{Hello::Kind::kStream, 0x0102, {}};
  for (std::size_t i = 0; i < hello.token.size(); ++i) hello.token[i] = static_cast<std::byte>(i + 1);
  const auto bytes = encode(hello);
  EXPECT_EQ(bytes[0], std::byte{'G'});
  EXPECT_EQ(bytes[5], std::byte{2});
  EXPECT_EQ(bytes[6], std::byte{1});
  EXPECT_EQ(bytes[8], std::byte{1});
  EXPECT_EQ(decode_hello(bytes), hello);
}

TEST(CapacityHello, SaysWhatIsWrongAndWhere) {
  const auto good = encode(Hello{});
  const auto at = [&](std::size_t place, int value) {
    auto bytes = good;
    bytes[place] = static_cast<std::byte>(value);
    return decode_hello(bytes).error();
  };
  EXPECT_EQ(decode_hello(std::span(good).first(31)).error(), (wire::DecodeError{"shorter than 32 bytes", 31}));
  EXPECT_EQ(at(0, 'g').offset, 0U);
  EXPECT_EQ(at(4, 2).offset, 4U);
  EXPECT_EQ(at(5, 3).offset, 5U);
  EXPECT_EQ(at(31, 1).offset, 31U);
}

}  // namespace
}  // namespace gnomon::methods::capacity
