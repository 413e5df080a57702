#include "server/probe_registry.h"

#include <sys/stat.h>

#include <fstream>

#include "core/hex.h"
#include "crypto/probe_id.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

crypto::PublicKeyBytes key_of(std::uint64_t number) {
  crypto::PublicKeyBytes key{};
  for (std::size_t i = 0; i < 8; ++i) key[i] = static_cast<std::byte>(number >> (8 * i));
  return key;
}

class ProbeRegistryTest : public testing::Test {
 protected:
  TemporaryFolder folder_;
  std::filesystem::path file_ = folder_.path() / "probes.json";
  ManualClock clock_;
  ProbeRegistry registry_{file_, clock_};
};

TEST_F(ProbeRegistryTest, KnowsWhatWasEnrolledAndKeepsIt) {
  EXPECT_FALSE(registry_.known(key_of(1)));
  ASSERT_TRUE(registry_.enrol(key_of(1), "gz", "guangzhou").has_value());
  EXPECT_TRUE(registry_.known(key_of(1)));
  EXPECT_EQ(registry_.enrol(key_of(1), "", "").error().code, ErrorCode::kConflict);
  ProbeRegistry again(file_, clock_);
  EXPECT_TRUE(again.known(key_of(1)));
  ASSERT_EQ(again.enrolled().size(), 1U);
  EXPECT_EQ(again.enrolled()[0].site, "guangzhou");
  EXPECT_EQ(again.enrolled()[0].id, crypto::probe_id(key_of(1)));
  struct stat status {};
  ASSERT_EQ(::stat(file_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(ProbeRegistryTest, EnrolsManyAtOnceAndLeavesThoseItKnows) {
  ASSERT_TRUE(registry_.enrol(key_of(1), "first", "guangzhou"));
  const std::vector<ProbeRegistry::NewProbe> probes{{key_of(1), "other", ""}, {key_of(2), "second", "sz"}};
  EXPECT_EQ(registry_.enrol_all(probes).value(), 1U);
  EXPECT_TRUE(registry_.known(key_of(2)));
  const auto enrolled = registry_.enrolled();
  ASSERT_EQ(enrolled.size(), 2U);
  EXPECT_TRUE(std::ranges::any_of(enrolled, [](const auto& probe) { return probe.name == "first"; }));
}

TEST_F(ProbeRegistryTest, SeesWhatAnotherProgramAllows) {
  EXPECT_FALSE(registry_.known(key_of(1)));
  ProbeRegistry command(file_, clock_);
  ASSERT_TRUE(command.enrol(key_of(1), "", "").has_value());
  EXPECT_TRUE(registry_.known(key_of(1)));
  ASSERT_TRUE(command.remove(crypto::probe_id(key_of(1))).has_value());
  EXPECT_FALSE(registry_.known(key_of(1)));
  EXPECT_EQ(command.remove(crypto::probe_id(key_of(1))).error().code, ErrorCode::kNotFound);
}

TEST_F(ProbeRegistryTest, RemembersRefusedKeysWithinBounds) {
  for (std::uint64_t i = 0; i < ProbeRegistry::kRefusedLimit + 10; ++i) {
    clock_.advance(std::chrono::seconds(1));
    EXPECT_EQ(registry_.refuse(key_of(i), "stranger"), i < ProbeRegistry::kToldLimit) << "a flood is not told of";
  }
  const auto refused = registry_.refused();
  EXPECT_EQ(refused.size(), ProbeRegistry::kRefusedLimit);
  EXPECT_EQ(refused.front().public_key_hex, to_hex(key_of(ProbeRegistry::kRefusedLimit + 9)));
  EXPECT_FALSE(registry_.refuse(key_of(100), "stranger"));
  clock_.advance(ProbeRegistry::kToldWithin);
  EXPECT_TRUE(registry_.refuse(key_of(0), "stranger")) << "the oldest gave way";
}

TEST_F(ProbeRegistryTest, ADamagedFileIsNotOverwritten) {
  ASSERT_TRUE(registry_.enrol(key_of(1), "", "").has_value());
  EXPECT_TRUE(registry_.known(key_of(1)));
  std::ofstream(file_) << "{\"probes\":[{}]}";
  EXPECT_TRUE(registry_.known(key_of(1))) << "what was known stays";
  EXPECT_EQ(registry_.enrol(key_of(2), "", "").error().code, ErrorCode::kCorrupt);
}

TEST(PublicKeyText, IsSixtyFourHexDigits) {
  EXPECT_TRUE(parse_public_key(std::string(64, 'A')).has_value());
  for (const auto& bad : {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(64, 'g')}) {
    EXPECT_FALSE(parse_public_key(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace gnomon::server
