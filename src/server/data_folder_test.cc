#include "server/data_folder.h"

#include <sys/stat.h>

#include <fstream>

#include "server/disk_guard.h"
#include "server/private_file.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(DataFolder, MakesItsPartsForTheOwnerOnly) {
  const TemporaryFolder temporary;
  const auto root = temporary.path() / "new" / "data";
  const auto folder = DataFolder::open(root);
  ASSERT_TRUE(folder.has_value()) << folder.error().message();
  for (const auto& part : {root, folder->journal(), folder->keys()}) {
    struct stat status {};
    ASSERT_EQ(::stat(part.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700U) << part;
  }
  EXPECT_EQ(read_private_file(root / "VERSION").value(), "1\n");
  EXPECT_TRUE(DataFolder::check(root).has_value());
}

TEST(DataFolder, ASecondServerIsRefusedWithThePid) {
  const TemporaryFolder temporary;
  {
    const auto first = DataFolder::open(temporary.path());
    ASSERT_TRUE(first.has_value());
    const auto second = DataFolder::open(temporary.path());
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_THAT(second.error().message(), HasSubstr(fmt::format("pid {}", getpid())));
  }
  EXPECT_TRUE(DataFolder::open(temporary.path()).has_value());
}

TEST(DataFolder, ANewerVersionIsRefused) {
  const TemporaryFolder temporary;
  std::ofstream(temporary.path() / "VERSION") << "2\n";
  const auto folder = DataFolder::open(temporary.path());
  ASSERT_FALSE(folder.has_value());
  EXPECT_EQ(folder.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(folder.error().message(), HasSubstr("version 2"));
  EXPECT_THAT(folder.error().message(), HasSubstr("newer Gnomon"));
  EXPECT_FALSE(std::filesystem::exists(temporary.path() / "journal")) << "nothing is touched";
}

TEST(DataFolder, ADamagedVersionAndAFileInItsPlaceAreNamed) {
  const TemporaryFolder temporary;
  std::ofstream(temporary.path() / "VERSION") << "one";
  EXPECT_EQ(DataFolder::open(temporary.path()).error().code, ErrorCode::kCorrupt);
  std::ofstream(temporary.path() / "file") << "x";
  EXPECT_FALSE(DataFolder::open(temporary.path() / "file").has_value());
  EXPECT_EQ(DataFolder::check(temporary.path() / "none").error().code, ErrorCode::kNotFound);
}

TEST(DiskGuard, RefusesWhenLowAndRecoversWithSomeRoom) {
  ManualClock clock;
  std::uint64_t left = 200;
  DiskGuard guard([&] { return left; }, clock, {100, 2s, 1s});
  EXPECT_FALSE(guard.refusal().has_value());
  left = 99;
  EXPECT_FALSE(guard.refusal().has_value()) << "asked once a second only";
  clock.advance(1s);
  EXPECT_THAT(guard.refusal().value_or(""), HasSubstr("almost full"));
  EXPECT_TRUE(guard.refusing());
  left = 149;
  clock.advance(1s);
  EXPECT_TRUE(guard.refusing());
  left = 151;
  clock.advance(1s);
  EXPECT_FALSE(guard.refusing());
}

TEST(DiskGuard, AfterAFailedWriteOneTryAtATimeGoesThrough) {
  ManualClock clock;
  DiskGuard guard([] { return 1'000'000'000; }, clock, {100, 2s, 1s});
  guard.note_failure({ErrorCode::kUnavailable, "append", "", "queue full", ""});
  EXPECT_FALSE(guard.refusing());
  guard.note_failure({ErrorCode::kExhausted, "append", "", "no space", ""});
  EXPECT_TRUE(guard.refusal().has_value());
  clock.advance(2s);
  EXPECT_FALSE(guard.refusal().has_value()) << "a try";
  EXPECT_TRUE(guard.refusing()) << "not yet known to work";
  guard.note_success();
  EXPECT_FALSE(guard.refusing());
}

}  // namespace
}  // namespace gnomon::server
