#include "segment/file_system.h"

#include <gtest/gtest.h>

#include "segment/memory_file_system.h"

namespace gnomon::segment {
namespace {

void write(MemoryFileSystem& files, const std::string& path, std::string_view text, bool sync) {
  auto file = files.open(path, OpenMode::kCreate);
  ASSERT_TRUE(file.has_value()) << file.error().message();
  ASSERT_TRUE((*file)->write_at(0, std::as_bytes(std::span(text))).has_value());
  if (sync) {
    ASSERT_TRUE((*file)->sync().has_value());
  }
}

TEST(FileSystem, FoldersAreDurableWhenTheyAreMade) {
  MemoryFileSystem files;
  SeededRandom random(1);
  ASSERT_TRUE(files.create_folders("/a/b/c").has_value());
  files.restart(Loss::kAll, random);
  EXPECT_TRUE(files.list("/a/b/c").has_value());
}

TEST(FileSystem, AFolderThatAKilledProcessMadeIsMadeDurableByTheNext) {
  MemoryFileSystem files;
  SeededRandom random(1);
  ASSERT_TRUE(files.create_folder("/a").has_value());
  files.restart(Loss::kNothing, random);
  ASSERT_TRUE(files.create_folders("/a").has_value());
  files.restart(Loss::kAll, random);
  EXPECT_TRUE(files.list("/a").has_value());
}

TEST(FileSystem, AReplacedFileIsOldOrNewAtEveryMoment) {
  for (std::uint64_t operations = 1; operations < 12; ++operations) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      MemoryFileSystem files;
      SeededRandom random(seed);
      ASSERT_TRUE(files.create_folders("/f").has_value());
      ASSERT_TRUE(files.replace_file("/f/x", "old").has_value());
      files.cut_power(operations);
      const bool done = files.replace_file("/f/x", "a new content").has_value();
      files.restart(seed % 2 == 0 ? Loss::kTorn : Loss::kTail, random);
      const auto left = files.read_file("/f/x");
      ASSERT_TRUE(left.has_value()) << left.error().message();
      EXPECT_TRUE(*left == "a new content" || (*left == "old" && !done)) << *left << " after " << operations;
    }
  }
}

TEST(MemoryFileSystem, LosesWhatWasNotSynced) {
  MemoryFileSystem files;
  SeededRandom random(1);
  ASSERT_TRUE(files.create_folders("/f").has_value());
  write(files, "/f/synced", "text", true);
  ASSERT_TRUE(files.sync_directory("/f").has_value());
  write(files, "/f/unnamed", "text", true);
  ASSERT_TRUE(files.create_folder("/f/folder").has_value());
  write(files, "/f/folder/inside", "text", true);
  ASSERT_TRUE(files.sync_directory("/f/folder").has_value());
  files.restart(Loss::kAll, random);
  EXPECT_EQ(files.paths(), std::vector<std::string>{"/f/synced"});
}

TEST(MemoryFileSystem, AFailedSyncGivesUpWhatItShouldHaveWritten) {
  MemoryFileSystem files;
  SeededRandom random(1);
  ASSERT_TRUE(files.create_folders("/f").has_value());
  auto file = files.open("/f/x", OpenMode::kCreate);
  ASSERT_TRUE(files.sync_directory("/f").has_value());
  ASSERT_TRUE((*file)->write_at(0, std::as_bytes(std::span(std::string_view("abc")))).has_value());
  files.fail_syncs(1);
  EXPECT_FALSE((*file)->sync().has_value());
  EXPECT_TRUE((*file)->sync().has_value());
  files.restart(Loss::kAll, random);
  EXPECT_EQ(files.read_file("/f/x").value(), "");
}

TEST(MemoryFileSystem, NothingWorksWithoutPowerAndATwinGoesOn) {
  MemoryFileSystem files;
  SeededRandom random(1);
  ASSERT_TRUE(files.create_folders("/f").has_value());
  write(files, "/f/x", "text", false);
  files.cut_power();
  EXPECT_TRUE(files.is_off());
  EXPECT_FALSE(files.read_file("/f/x").has_value());
  EXPECT_FALSE(files.create_folder("/g").has_value());
  const auto twin = files.clone();
  EXPECT_EQ(twin->read_file("/f/x").value(), "text");
  files.restart(Loss::kNothing, random);
  EXPECT_EQ(files.read_file("/f/x").value(), "text");
}

}  // namespace
}  // namespace gnomon::segment
