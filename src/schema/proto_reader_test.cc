#include "schema/proto_reader.h"

#include <gtest/gtest.h>

#include "gnomon/v1/batch.pb.h"

namespace gnomon::schema {
namespace {

using namespace std::string_literals;

bool is_read_by_us(const std::string& bytes) {
  ProtoReader reader(std::as_bytes(std::span(bytes)));
  while (true) {
    const auto field = reader.next();
    if (!field) return false;
    if (!*field) return true;
  }
}

// One message must not mean something to us and nothing to the library, which reads parts of it later.
TEST(ProtoReader, TakesTagsAndLengthsOfAsManyOctetsAsTheLibraryDoes) {
  const struct {
    std::string bytes;
    bool is_good;
  } cases[] = {
      {"\x0a\x01x"s, true},
      {"\x8a\x80\x80\x80\x00\x01x"s, true},       // a tag of five octets
      {"\x8a\x80\x80\x80\x80\x00\x01x"s, false},  // of six
      {"\x0a\x81\x80\x80\x80\x00x"s, true},       // a length of five octets
      {"\x0a\x81\x80\x80\x80\x80\x00x"s, false},  // of six
  };
  for (const auto& [bytes, is_good] : cases) {
    v1::SignedBatch message;
    EXPECT_EQ(message.ParseFromString(bytes), is_good) << bytes.size();
    EXPECT_EQ(is_read_by_us(bytes), is_good) << bytes.size();
  }
}

}  // namespace
}  // namespace gnomon::schema
