#include "journal/note.h"

#include <gtest/gtest.h>

#include "core/hex.h"

namespace gnomon::journal {
namespace {

// The examples of C2SP signed-note and tlog-checkpoint.
constexpr const char* kKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr const char* kNote =
    "This is an example message.\n\n"
    "— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
constexpr const char* kCheckpoint =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

std::string_view refusal(std::string_view note, const VerifierKey& key) {
  const auto opened = open_checkpoint(note, key);
  return opened ? "accepted" : opened.error().reason;
}

TEST(VerifierKeyText, FollowsTheStandardsExample) {
  const auto key = parse_verifier_key(kKey);
  ASSERT_TRUE(key) << key.error().reason;
  EXPECT_EQ(key->name, "example.com/foo");
  EXPECT_EQ(key->id(), 0x530d903aU);
  EXPECT_EQ(key->text(), kKey);
}

TEST(VerifierKeyText, RefusesEveryFlippedBit) {
  const std::string text = kKey;
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string flipped = text;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(parse_verifier_key(flipped)) << flipped;
  }
}

TEST(SignedNote, FollowsTheStandardsExample) {
  const auto key = parse_verifier_key(kKey);
  // Signed and whole, but its text is no checkpoint: only after the signature held does that count.
  EXPECT_EQ(refusal(kNote, *key), "bad tree size");
  std::string changed = kNote;
  changed[0] = 't';
  EXPECT_EQ(refusal(changed, *key), "signature does not match");
}

TEST(CheckpointText, FollowsTheStandardsExample) {
  const auto parts = split_note(kCheckpoint);
  ASSERT_TRUE(parts);
  const auto checkpoint = parse_checkpoint_text(parts->text);
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint->size, 20852163U);
  EXPECT_EQ(to_hex(checkpoint->root).substr(0, 8), "0ac5186a");
}

TEST(CheckpointText, RefusesWhatTheStandardForbids) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  EXPECT_TRUE(parse_checkpoint_text("o\n0\n" + root));
  EXPECT_TRUE(parse_checkpoint_text("o\n7\n" + root + "extension\n"));
  for (const std::string& text : {std::string("o\n07\n") + root, "\n7\n" + root, "o\n-7\n" + root, "o\n7 \n" + root,
                                  "o\n18446744073709551616\n" + root, std::string("o\n7\nAAAA\n"),
                                  std::string("o\n7\n"), "o\n7\n" + root + "\n"}) {
    EXPECT_FALSE(parse_checkpoint_text(text)) << text;
  }
}

class SignedCheckpoint : public testing::Test {
 protected:
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
  VerifierKey verifier_{"gnomon/test", key_.public_key()};
  Checkpoint checkpoint_{"gnomon/test", 42, empty_root()};
};

TEST_F(SignedCheckpoint, OpensWithItsKeyAlone) {
  const std::string note = sign_checkpoint(checkpoint_, key_);
  ASSERT_TRUE(open_checkpoint(note, verifier_));
  EXPECT_EQ(*open_checkpoint(note, verifier_), checkpoint_);
  EXPECT_EQ(refusal(note, *parse_verifier_key(kKey)), "not signed by the log's key");
}

TEST_F(SignedCheckpoint, IgnoresSignaturesOfOthers) {
  std::string note = sign_checkpoint(checkpoint_, key_);
  note += "— witness.example/w AAAAAAECAwQFBgc=\n";
  EXPECT_TRUE(open_checkpoint(note, verifier_));
  note += "no signature line\n";
  EXPECT_EQ(refusal(note, verifier_), "malformed signature line");
}

TEST_F(SignedCheckpoint, RefusesEveryFlippedBitAndTruncation) {
  const std::string note = sign_checkpoint(checkpoint_, key_);
  for (std::size_t bit = 0; bit < note.size() * 8; ++bit) {
    std::string flipped = note;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(open_checkpoint(flipped, verifier_)) << flipped;
  }
  for (std::size_t n = 0; n < note.size(); ++n) EXPECT_FALSE(open_checkpoint(note.substr(0, n), verifier_)) << n;
}

TEST(KeyName, HasNoSpacePlusOrControl) {
  EXPECT_TRUE(is_key_name("gnomon/delta"));
  for (const char* name : {"", "a b", "a+b", "a\nb", "caf\xc3\xa9"}) EXPECT_FALSE(is_key_name(name)) << name;
}

}  // namespace
}  // namespace gnomon::journal
