#include <gtest/gtest.h>

#include "core/hex.h"
#include "crypto/base64.h"
#include "crypto/hmac.h"
#include "crypto/secure_compare.h"
#include "crypto/sha256.h"
#include "crypto/siphash.h"

namespace gnomon::crypto {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// FIPS 180-2 appendix B.1, B.2.
TEST(Sha256, FollowsThePublishedVectors) {
  EXPECT_EQ(to_hex(sha256(std::string_view("abc"))),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(sha256(std::string_view("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, InPiecesEqualsAtOnceAndCanBeReused) {
  Sha256 hash;
  EXPECT_EQ(hash.update("a").update("bc").finish(), sha256(std::string_view("abc")));
  EXPECT_EQ(hash.finish(), sha256(std::string_view("")));
}

// RFC 4231, test case 2.
TEST(HmacSha256, FollowsThePublishedVector) {
  EXPECT_EQ(to_hex(hmac_sha256(bytes_of("Jefe"), bytes_of("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// The worked example in appendix A of the SipHash paper: key 00..0f, message 00..0e.
TEST(SipHash, FollowsThePublishedVector) {
  SipHashKey key;
  std::vector<std::byte> message;
  for (unsigned i = 0; i < 16; ++i) key[i] = static_cast<std::byte>(i);
  for (unsigned i = 0; i < 15; ++i) message.push_back(static_cast<std::byte>(i));
  EXPECT_EQ(siphash(key, message), 0xa129ca6149be45e5U);
}

// RFC 4648 §10.
TEST(Base64, FollowsThePublishedVectors) {
  const std::pair<std::string_view, std::string_view> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, text] : vectors) {
    EXPECT_EQ(to_base64(bytes_of(plain)), text);
    const auto back = from_base64(text);
    ASSERT_TRUE(back) << text;
    EXPECT_EQ(to_hex(*back), to_hex(bytes_of(plain)));
  }
}

TEST(Base64, RefusesAllButTheOneTextOfAValue) {
  for (const char* text : {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zm9v\n", "Zm 9", "Zg==Zg==", "Zm-_"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(SecureCompare, TellsEqualFromDifferent) {
  EXPECT_TRUE(secure_equal(std::string_view("token"), "token"));
  EXPECT_FALSE(secure_equal(std::string_view("token"), "tokem"));
  EXPECT_FALSE(secure_equal(std::string_view("token"), "toke"));
}

}  // namespace
}  // namespace gnomon::crypto
