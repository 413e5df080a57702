#include "methods/udpst/authentication.h"

#include <gtest/gtest.h>

#include "core/hex.h"
#include "methods/udpst/key_file.h"
#include "methods/udpst/udpst_codec.h"

// PDUs of udpst 9.0.0 on loopback, key "gnomon-key", key id 7 (udpst -u -t 5 -I 2 -T -a gnomon-key -y 7 ::1).

namespace gnomon::methods::udpst {
namespace {

constexpr std::uint32_t kSetupTime = 0x6b085588;
const std::string kSetup =
    "ace100140001bd0e01000000000003016b085588b4466e8fb940ecdfa18346ed94c7ea30385640733371a13c7ce10a248e15cc6207000000";
const std::string kSetupAnswer =
    "ace100140001bd0e02010000d8eb03016b0855887929a966baa2f86d6f807b6fdb31979455bb04201cda809cb704beb2572a7ef807000000";
const std::string kNull =
    "dead0014010000016b085588c945d6189c3cc35271291dd0f6a52078113e67aacb6af82c6dcab9bdbf1c232b07000000";
const std::string kActivation =
    "ace200140100001e005a0032000500000002000a0003000a010000000000000000000000000000000000000000000000000000000000000003"
    "e80000000000016b0855885da94f22983ebd67974bba0aeea5a33f6d56abafc1ed21a805bbced2f2f5cdac07000000";
// Of udpst 8.2.0, protocol version 11: signed with the key itself.
const std::string kOldSetup =
    "ace1000b000165fc01000000000001016b085cf458c7c519cac8491a3af8392c4562553ca51d647ac307412046265dd14083285507000000";

WallTime at(std::uint32_t seconds) {
  return WallTime{std::chrono::seconds(seconds)};
}
std::vector<std::byte> bytes_of(std::string_view hex) {
  return from_hex(hex).value();
}

TEST(UdpstAuthentication, VerifiesWhatUdpstSigned) {
  const auto keys = derive_keys("gnomon-key", kSetupTime);
  EXPECT_EQ(verify(bytes_of(kSetup), kSetupAuthOffset, keys.client, at(kSetupTime)), AuthVerdict::kGood);
  EXPECT_EQ(verify(bytes_of(kSetupAnswer), kSetupAuthOffset, keys.server, at(kSetupTime)), AuthVerdict::kGood);
  EXPECT_EQ(verify(bytes_of(kNull), kNullAuthOffset, keys.server, at(kSetupTime)), AuthVerdict::kGood);
  EXPECT_EQ(verify(bytes_of(kActivation), kActivationAuthOffset, keys.client, at(kSetupTime)), AuthVerdict::kGood);
  const std::string_view secret = "gnomon-key";
  EXPECT_EQ(verify(bytes_of(kOldSetup), kSetupAuthOffset, std::as_bytes(std::span(secret)), at(0x6b085cf4)),
            AuthVerdict::kGood);
}

TEST(UdpstAuthentication, SignsAsUdpstDoes) {
  auto pdu = bytes_of(kSetup);
  for (std::size_t i = 16; i < 56; ++i) pdu[i] = std::byte{0};
  sign(pdu, kSetupAuthOffset, derive_keys("gnomon-key", kSetupTime).client, 7, kSetupTime);
  EXPECT_EQ(to_hex(pdu), kSetup);
}

TEST(UdpstAuthentication, RefusesOtherBytesKeysAndTimes) {
  const auto keys = derive_keys("gnomon-key", kSetupTime);
  auto changed = bytes_of(kSetup);
  changed[6] ^= std::byte{1};
  EXPECT_EQ(verify(changed, kSetupAuthOffset, keys.client, at(kSetupTime)), AuthVerdict::kWrongDigest);
  EXPECT_EQ(verify(bytes_of(kSetup), kSetupAuthOffset, keys.server, at(kSetupTime)), AuthVerdict::kWrongDigest);
  const auto other = derive_keys("gnomon-kez", kSetupTime);
  EXPECT_EQ(verify(bytes_of(kSetup), kSetupAuthOffset, other.client, at(kSetupTime)), AuthVerdict::kWrongDigest);
  for (const int away : {-5, 5}) {
    const auto time = static_cast<std::uint32_t>(static_cast<int>(kSetupTime) + away);
    EXPECT_EQ(verify(bytes_of(kSetup), kSetupAuthOffset, keys.client, at(time)), AuthVerdict::kGood);
  }
  for (const int away : {-6, 6}) {
    const auto time = static_cast<std::uint32_t>(static_cast<int>(kSetupTime) + away);
    EXPECT_EQ(verify(bytes_of(kSetup), kSetupAuthOffset, keys.client, at(time)), AuthVerdict::kOutsideWindow);
  }
}

TEST(UdpstKeyFile, ReadsTheFormatOfUdpst) {
  const auto keys = parse_keys("# keys\n0,legacykey\t# old clients\n\n 7 , gnomon-key\r\n", "k");
  ASSERT_TRUE(keys);
  EXPECT_EQ(*keys, (std::vector<SharedKey>{{0, "legacykey"}, {7, "gnomon-key"}}));
  EXPECT_EQ(find_key(*keys, 7)->secret, "gnomon-key");
  EXPECT_EQ(find_key(*keys, 8), nullptr);
}

TEST(UdpstKeyFile, NamesTheLineThatIsWrong) {
  const std::string long_key(65, 'x');
  for (const auto& text : {std::string("\n256,a"), std::string("\n7"), "\n7," + long_key, std::string("\n7,a b"),
                           std::string("7,a\n7,b")}) {
    const auto keys = parse_keys(text, "k.csv");
    ASSERT_FALSE(keys) << text;
    EXPECT_EQ(keys.error().subject, "k.csv:2") << text;
  }
  EXPECT_FALSE(parse_keys("# none\n", "k"));
}

}  // namespace
}  // namespace gnomon::methods::udpst
