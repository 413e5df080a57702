#include "probe/spool.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "probe/spool_format.h"
#include "segment/memory_file_system.h"

namespace gnomon::probe {
namespace {

BatchRecord record_of(std::uint64_t sequence, const std::string& batch) {
  return {sequence, batch.size(), 7, 1000, 2000, {{1, 2, 30, 10, 20, "spool full"}}};
}

TEST(SpoolFormat, RoundTripsAndFindsEveryFlippedByte) {
  const std::string batch = "a signed batch";
  const BatchRecord record = record_of(9, batch);
  std::string bytes = encode_spool_file(record, batch);
  const auto file = decode_spool_file(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->record, record);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
    EXPECT_FALSE(decode_spool_file(std::as_bytes(std::span(bytes))).has_value()) << "byte " << i;
    bytes[i] = static_cast<char>(bytes[i] ^ 0x10);
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(decode_spool_file(std::as_bytes(std::span(bytes).first(size))).has_value()) << size << " bytes";
  }
}

TEST(SpoolFormat, IsAsTheSpecificationsExample) {
  const std::string bytes = encode_spool_file({9, 1, 7, 1000, 2000, {}}, "A");
  EXPECT_EQ(bytes.size(), 53U);
  EXPECT_EQ(bytes.substr(8, 8), std::string("\x1f\xd0\x90\x0d\x35\0\0\0", 8));
}

TEST(SpoolFormat, NotesWithTheLongestRangesFitTheirSlot) {
  NotesSlot slot{3, {77, {}, {}}};
  for (int i = 0; i < 200; ++i) {
    slot.notes.pending.push_back({1, 2, 3, 4, 5, std::string(1000, 'x')});
    slot.notes.at_risk.push_back({1, 2, 3, 4, 5, std::string(1000, 'x')});
  }
  const std::string bytes = encode_notes(slot);
  EXPECT_LE(bytes.size(), kNotesSlotBytes);
  const auto decoded = decode_notes(std::as_bytes(std::span(bytes)));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->notes.next_sequence, 77U);
  EXPECT_EQ(decoded->notes.pending.size(), 64U);
}

TEST(Spool, KeepsBatchesAndNotes) {
  segment::MemoryFileSystem files;
  const SpoolNotes notes{12, {{1, 3, 5, 6, 7, "spool full"}}, {}};
  {
    Spool::Found found;
    auto spool = Spool::open(files, "/s", found);
    ASSERT_TRUE(spool.has_value());
    EXPECT_EQ(found.notes.next_sequence, 1U);
    for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_TRUE(spool->store(record_of(i, "batch"), "batch").has_value());
    spool->forget(2, false);
    ASSERT_TRUE(spool->save({5, {}, {}}).has_value());
    ASSERT_TRUE(spool->save(notes).has_value());
  }
  Spool::Found found;
  auto spool = Spool::open(files, "/s", found);
  ASSERT_TRUE(spool.has_value());
  ASSERT_EQ(found.records.size(), 2U);
  EXPECT_EQ(found.records[0], record_of(1, "batch"));
  EXPECT_EQ(found.records[1].sequence, 3U);
  EXPECT_EQ(found.notes, notes);
  EXPECT_EQ(*spool->load(3), "batch");
}

TEST(Spool, SetsDamagedFilesAsideAndKeepsTheirNumber) {
  segment::MemoryFileSystem files;
  {
    Spool::Found found;
    auto spool = Spool::open(files, "/s", found);
    ASSERT_TRUE(spool->store(record_of(41, "batch"), "batch").has_value());
  }
  files.flip("/s/0000000000000029.batch", 50, std::byte{4});
  Spool::Found found;
  auto spool = Spool::open(files, "/s", found);
  ASSERT_EQ(found.damaged.size(), 1U);
  EXPECT_EQ(found.damaged[0].sequence, 41U);
  EXPECT_EQ(found.damaged[0].reason, "wrong checksum at byte 8");
  EXPECT_FALSE(spool->load(41).has_value());
  spool->set_aside(41);
  Spool::Found again;
  ASSERT_TRUE(Spool::open(files, "/s", again).has_value());
  EXPECT_TRUE(again.damaged.empty());
  EXPECT_EQ(again.notes.next_sequence, 42U);
}

TEST(Spool, SaysSoWhenTheDiskIsFullAndGoesOnAfterwards) {
  segment::MemoryFileSystem files;
  Spool::Found found;
  auto spool = Spool::open(files, "/s", found);
  files.set_capacity(0);
  const Status refused = spool->store(record_of(1, "batch"), "batch");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  files.set_capacity(1 << 20);
  EXPECT_TRUE(spool->store(record_of(1, "batch"), "batch").has_value());
  const auto names = files.list("/s");
  EXPECT_EQ(*names, (std::vector<std::string>{"0000000000000001.batch", "notes"}));
}

TEST(Spool, WhatWasStoredSurvivesEveryLossOfPower) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SeededRandom random(seed);
    segment::MemoryFileSystem files;
    std::uint64_t stored = 0;
    {
      Spool::Found found;
      auto spool = Spool::open(files, "/s", found);
      ASSERT_TRUE(spool.has_value());
      for (std::uint64_t i = 1; i <= random.next() % 20; ++i) {
        files.fail_syncs(random.next() % 5 == 0 ? 1 : 0);
        if (!spool->store(record_of(i, "batch"), "batch")) break;
        stored = i;
      }
    }
    files.crash(random);
    Spool::Found found;
    ASSERT_TRUE(Spool::open(files, "/s", found).has_value());
    ASSERT_GE(found.records.size(), stored) << "seed " << seed;
    for (std::uint64_t i = 0; i < stored; ++i) EXPECT_EQ(found.records[i].sequence, i + 1);
    EXPECT_TRUE(found.damaged.empty());
  }
}

// A child stores batches and writes each number to a pipe once it is stored; it is killed at some moment.
TEST(Spool, SurvivesKillMinusNine) {
  const std::string folder = testing::TempDir() + fmt::format("/spool-{}", ::getpid());
  std::uint64_t next = 1;
  for (int round = 0; round < 20; ++round) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Spool::Found found;
      auto spool = Spool::open(segment::real_file_system(), folder, found);
      for (std::uint64_t i = next;; ++i) {
        if (!spool || !spool->store(record_of(i, std::string(3000, 'b')), std::string(3000, 'b'))) ::_exit(1);
        if (::write(ends[1], &i, sizeof i) != sizeof i) ::_exit(1);
      }
    }
    ::close(ends[1]);
    std::uint64_t stored = 0;
    for (int i = 0; i < 3 + round; ++i) ASSERT_EQ(::read(ends[0], &stored, sizeof stored), ssize_t{sizeof stored});
    ::kill(child, SIGKILL);
    while (::read(ends[0], &stored, sizeof stored) == ssize_t{sizeof stored}) {
    }
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    Spool::Found found;
    ASSERT_TRUE(Spool::open(segment::real_file_system(), folder, found).has_value());
    EXPECT_TRUE(found.damaged.empty());
    ASSERT_GE(found.records.size(), stored);
    for (std::uint64_t i = 0; i < stored; ++i) ASSERT_EQ(found.records[i].sequence, i + 1);
    next = found.records.back().sequence + 1;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gnomon::probe
