#include "crypto/ed25519.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "core/hex.h"
#include "crypto/probe_id.h"
#include "crypto/sha256.h"

namespace gnomon::crypto {
namespace {

class KeyFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gnomon-key-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

// RFC 8032 §7.1, TEST 3.
TEST(Ed25519, FollowsThePublishedVector) {
  const auto key = PrivateKey::from_seed(*from_hex("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7"));
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(key->public_key().bytes()), "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  const auto message = *from_hex("af82");
  const SignatureBytes signature = key->sign(message);
  EXPECT_EQ(
      to_hex(signature),
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
      "8dc027beceea1ec40a");
  EXPECT_TRUE(key->public_key().verify(message, signature));
}

TEST(Ed25519, RefusesAnotherMessageSignatureOrKey) {
  const PrivateKey key = PrivateKey::generate();
  const std::string_view text = "window";
  const auto message = std::as_bytes(std::span(text));
  SignatureBytes signature = key.sign(message);
  EXPECT_FALSE(key.public_key().verify(message.first(5), signature));
  EXPECT_FALSE(PrivateKey::generate().public_key().verify(message, signature));
  EXPECT_FALSE(key.public_key().verify(message, std::span(signature).first(63)));
  signature[10] ^= std::byte{1};
  EXPECT_FALSE(key.public_key().verify(message, signature));
}

TEST(Ed25519, RefusesAPublicKeyOfWrongLength) {
  EXPECT_FALSE(PublicKey::from_bytes(*from_hex("00")));
}

TEST_F(KeyFile, IsMadeOnceForItsOwnerAlone) {
  const auto file = folder_ / "probe.key";
  const auto first = PrivateKey::load_or_create(file);
  ASSERT_TRUE(first) << first.error().message();
  struct stat about {};
  ASSERT_EQ(::stat(file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto second = PrivateKey::load_or_create(file);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->public_key(), second->public_key());
}

TEST_F(KeyFile, ReadableByOthersIsRefusedWithAdvice) {
  const auto file = folder_ / "probe.key";
  ASSERT_TRUE(PrivateKey::load_or_create(file));
  ASSERT_EQ(::chmod(file.c_str(), 0640), 0);
  const auto key = PrivateKey::load_or_create(file);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kPermission);
  EXPECT_NE(key.error().advice.find("chmod 600"), std::string::npos);
}

TEST_F(KeyFile, HoldingSomethingElseIsRefusedAndKept) {
  const auto file = folder_ / "probe.key";
  std::ofstream(file) << "not a key\n";
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  const auto key = PrivateKey::load_or_create(file);
  ASSERT_FALSE(key);
  EXPECT_EQ(key.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(std::filesystem::file_size(file), 10U);
}

TEST(ProbeIdOfKey, IsTheHeadOfTheKeysHash) {
  const PublicKey key = PrivateKey::generate().public_key();
  EXPECT_EQ(to_string(probe_id(key)), to_hex(sha256(key.bytes())).substr(0, 32));
}

}  // namespace
}  // namespace gnomon::crypto
