#include "core/ids.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/hex.h"

namespace gnomon {
namespace {

TEST(ProbeId, IsWrittenAndReadAsThirtyTwoHexDigits) {
  ProbeId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::byte>(i * 17);
  EXPECT_EQ(to_string(id), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(parse_probe_id("00112233445566778899AABBCCDDEEFF"), id);
  EXPECT_FALSE(parse_probe_id("00112233445566778899aabbccddeef"));
  EXPECT_FALSE(parse_probe_id("00112233445566778899aabbccddeexx"));
}

TEST(PathId, IsBigEndianHex) {
  EXPECT_EQ(to_string(PathId{0x0123456789abcdefU}), "0123456789abcdef");
  EXPECT_EQ(parse_path_id("0123456789abcdef"), PathId{0x0123456789abcdefU});
  EXPECT_FALSE(parse_path_id("0123456789abcde"));
}

TEST(Hex, RefusesWhatIsNotHex) {
  EXPECT_FALSE(from_hex("0g"));
  EXPECT_FALSE(from_hex("012"));
  EXPECT_TRUE(from_hex("")->empty());
}

TEST(Error, IsOneLineThatSaysWhatOnWhatWhyAndWhatToDo) {
  const auto error = errno_failure(98, "listen on", "127.0.0.1:8780", "choose another port with --listen").value();
  EXPECT_EQ(error.message(), "listen on 127.0.0.1:8780: Address already in use; choose another port with --listen");
  EXPECT_EQ(error.code, ErrorCode::kConflict);
}

}  // namespace
}  // namespace gnomon
