#include "segment/log.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "segment/memory_file_system.h"

namespace gnomon::segment {
namespace {

constexpr const char* kFolder = "/data/journal";

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::vector<std::string> all_records(const Log& log, std::uint64_t from = 0) {
  std::vector<std::string> records;
  auto reader = log.read(from);
  EXPECT_TRUE(reader);
  while (true) {
    auto entry = reader->next();
    EXPECT_TRUE(entry) << entry.error().message();
    if (!entry || !*entry) return records;
    EXPECT_EQ((*entry)->record, from + records.size());
    records.push_back(text_of((*entry)->payload));
  }
}

class SegmentLog : public testing::Test {
 protected:
  std::unique_ptr<Log> open(const LogPosition& known_good = {}) {
    auto log = Log::open(files_, kFolder, options_, known_good);
    EXPECT_TRUE(log) << log.error().message();
    return log ? *std::move(log) : nullptr;
  }
  std::string segment_path(std::uint64_t base = 0) { return std::string(kFolder) + "/" + segment_name(base); }
  MemoryFileSystem files_;
  LogOptions options_;
};

TEST_F(SegmentLog, KeepsRecordsInOrderAcrossReopening) {
  {
    auto log = open();
    EXPECT_EQ(*log->append_and_wait("a"), 0U);
    EXPECT_EQ(*log->append_and_wait("b"), 1U);
  }
  auto log = open();
  EXPECT_EQ(*log->append_and_wait("c"), 2U);
  EXPECT_EQ(all_records(*log), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(all_records(*log, 2), (std::vector<std::string>{"c"}));
}

TEST_F(SegmentLog, RotatesAndReadsAcrossSegments) {
  options_.segment_bytes = 100;
  std::vector<std::string> expected;
  auto log = open();
  for (int i = 0; i < 20; ++i) {
    expected.push_back(std::string(30, static_cast<char>('a' + i)));
    ASSERT_TRUE(log->append_and_wait(expected.back()));
  }
  EXPECT_GT(log->status().segments.size(), 5U);
  EXPECT_EQ(all_records(*log), expected);
  log.reset();
  log = open();
  EXPECT_EQ(all_records(*log), expected);
}

TEST_F(SegmentLog, ReaderSeesRecordsThatBecomeDurableLater) {
  options_.segment_bytes = 64;
  auto log = open();
  auto reader = log->read(0);
  ASSERT_TRUE(reader);
  EXPECT_FALSE(*reader->next());
  for (const char* text : {"first", "second, in another segment", "third"}) {
    ASSERT_TRUE(log->append_and_wait(text));
    auto entry = reader->next();
    ASSERT_TRUE(entry && *entry);
    EXPECT_EQ(text_of((*entry)->payload), text);
    EXPECT_FALSE(*reader->next());
  }
}

TEST_F(SegmentLog, ManyThreadsShareGroups) {
  auto log = open();
  std::vector<std::thread> threads;
  std::atomic<int> durable = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 500; ++i) {
        EXPECT_TRUE(
            log->append(fmt::format("{}:{}", t, i), [&](Result<std::uint64_t> r) { durable += r.has_value(); }));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  log->drain();
  EXPECT_EQ(durable, 2000);
  EXPECT_EQ(log->durable_records(), 2000U);
  EXPECT_LT(log->status().groups, 2000U);
  int next[4] = {};
  for (const std::string& record : all_records(*log)) {
    const int t = record[0] - '0';
    EXPECT_EQ(record, fmt::format("{}:{}", t, next[t]++));
  }
}

// An hour, so that a group that waits when it should not never ends the test.
TEST_F(SegmentLog, GathersGroupsForAWhileButNeverWaitsInVain) {
  options_.group_interval = std::chrono::hours(1);
  options_.group_bytes = 1'000;
  auto log = open();
  for (std::uint64_t i = 0; i < 3; ++i) EXPECT_EQ(log->append_and_wait("alone").value(), i);
  std::atomic<int> durable = 0;
  const auto count = [&](Result<std::uint64_t> r) { durable += r.has_value(); };
  std::promise<void> held, release;  // the log's thread, until two wait for it
  ASSERT_TRUE(log->append("the fourth", [&](const Result<std::uint64_t>&) {
    held.set_value();
    release.get_future().wait();
  }));
  held.get_future().wait();
  ASSERT_TRUE(log->append("two share", count));
  std::promise<void> shared;
  ASSERT_TRUE(log->append("a group", [&](const Result<std::uint64_t>&) { shared.set_value(); }));
  release.set_value();
  shared.get_future().wait();
  for (int i = 0; i < 9; ++i) ASSERT_TRUE(log->append(std::string(100, 'x'), count));
  EXPECT_EQ(log->durable_records(), 6U);  // nine hundred bytes are no group yet
  EXPECT_EQ(log->append_and_wait(std::string(100, 'x')).value(), 15U);
  EXPECT_EQ(durable, 10);
  EXPECT_EQ(log->status().groups, 6U);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->append("some", count));
  log->drain();
  EXPECT_EQ(durable, 13);
  EXPECT_EQ(log->status().groups, 7U);
  ASSERT_TRUE(log->append("the last", count));
  log.reset();
  EXPECT_EQ(durable, 14);
}

TEST_F(SegmentLog, CutsATornTailAndSaysHowMuch) {
  { ASSERT_TRUE(open()->append_and_wait("kept")); }
  std::string torn;
  encode_record(torn, std::as_bytes(std::span(std::string_view("half of it"))), true);
  const std::uint64_t size = kHeaderBytes + kRecordHeaderBytes + 4;
  for (std::size_t n = 1; n < torn.size(); ++n) {
    auto file = files_.open(segment_path(), OpenMode::kReadWrite);
    ASSERT_TRUE((*file)->write_at(size, std::as_bytes(std::span(torn)).first(n)));
    auto log = open();
    EXPECT_EQ(log->status().torn_bytes_cut, n);
    EXPECT_EQ(all_records(*log), std::vector<std::string>{"kept"});
  }
}

TEST_F(SegmentLog, LocatesDamageBeforeTheTailAndCutsNothing) {
  {
    auto log = open();
    for (const char* text : {"zero", "one", "two"}) ASSERT_TRUE(log->append_and_wait(text));
  }
  const std::uint64_t record_one = kHeaderBytes + kRecordHeaderBytes + 4;
  for (std::uint64_t offset = record_one; offset < record_one + kRecordHeaderBytes + 3; ++offset) {
    files_.flip(segment_path(), offset, std::byte{0x10});
    const auto log = Log::open(files_, kFolder, options_);
    ASSERT_FALSE(log) << offset;
    EXPECT_EQ(log.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(log.error().message().find("at byte 44 (record 1)"), std::string::npos) << log.error().message();
    files_.flip(segment_path(), offset, std::byte{0x10});
  }
  EXPECT_EQ(all_records(*open()).size(), 3U);
}

TEST_F(SegmentLog, DamageInAnOlderSegmentIsNoTornTail) {
  options_.segment_bytes = 50;
  {
    auto log = open();
    for (const char* text : {"zero", "one", "two"}) ASSERT_TRUE(log->append_and_wait(text));
  }
  files_.flip(segment_path(0), kHeaderBytes + 9, std::byte{1});
  const auto log = Log::open(files_, kFolder, options_);
  ASSERT_FALSE(log);
  EXPECT_NE(log.error().message().find(segment_path(0)), std::string::npos);
}

TEST_F(SegmentLog, NoticesAMissingSegment) {
  options_.segment_bytes = 50;
  {
    auto log = open();
    for (const char* text : {"zero", "one", "two", "three"}) ASSERT_TRUE(log->append_and_wait(text));
  }
  ASSERT_TRUE(files_.remove(segment_path(1)));
  EXPECT_FALSE(Log::open(files_, kFolder, options_));
}

TEST_F(SegmentLog, ScansOnlyFromTheKnownPosition) {
  auto log = open();
  ASSERT_TRUE(log->append_and_wait("old"));
  const LogPosition position = log->durable_position();
  ASSERT_TRUE(log->append_and_wait("new"));
  log.reset();
  std::vector<std::uint64_t> visited;
  auto reopened = Log::open(files_, kFolder, options_, position, [&](std::uint64_t record, auto) -> Status {
    visited.push_back(record);
    return {};
  });
  ASSERT_TRUE(reopened) << reopened.error().message();
  EXPECT_EQ(visited, std::vector<std::uint64_t>{1});
  EXPECT_EQ((*reopened)->durable_records(), 2U);
}

TEST_F(SegmentLog, RefusesOnAFullDiskAndRecoversByItself) {
  auto log = open();
  ASSERT_TRUE(log->append_and_wait("before"));
  files_.set_capacity(70);
  const auto refused = log->append_and_wait(std::string(500, 'x'));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_TRUE(log->status().refusing);
  files_.set_capacity(UINT64_MAX);
  EXPECT_EQ(*log->append_and_wait("after"), 1U);
  EXPECT_FALSE(log->status().refusing);
  log.reset();
  EXPECT_EQ(all_records(*open()), (std::vector<std::string>{"before", "after"}));
}

TEST_F(SegmentLog, AFullDiskAtRotationIsNoLoss) {
  options_.segment_bytes = 64;
  auto log = open();
  ASSERT_TRUE(log->append_and_wait(std::string(30, 'a')));
  files_.set_capacity(80);
  EXPECT_FALSE(log->append_and_wait(std::string(30, 'b')));
  files_.set_capacity(UINT64_MAX);
  EXPECT_EQ(*log->append_and_wait(std::string(30, 'c')), 1U);
  log.reset();
  EXPECT_EQ(all_records(*open()).size(), 2U);
}

// The next group goes to the segment before; the one that could not be started must not come back with the power.
TEST_F(SegmentLog, ASegmentThatCouldNotBeStartedIsGoneForGood) {
  options_.segment_bytes = 100;
  options_.background = false;
  const auto append = [](Log& log, const std::string& text) {
    bool is_stored = false;
    EXPECT_TRUE(log.append(text, [&](const auto& r) { is_stored = r.has_value(); }));
    log.drain();
    return is_stored;
  };
  for (const bool is_full : {true, false}) {
    MemoryFileSystem files;
    auto log = *Log::open(files, kFolder, options_);
    ASSERT_TRUE(append(*log, "first"));
    is_full ? files.fail_writes(1) : files.fail_syncs(1);
    ASSERT_FALSE(append(*log, std::string(90, 'x')));
    ASSERT_TRUE(append(*log, "small"));
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      SeededRandom random(seed);
      auto image = files.clone();
      image->restart(Loss::kSome, random);
      const auto reopened = Log::open(*image, kFolder, options_);
      ASSERT_TRUE(reopened) << "seed " << seed << ": " << reopened.error().message();
      EXPECT_EQ(all_records(**reopened), (std::vector<std::string>{"first", "small"}));
    }
  }
}

TEST_F(SegmentLog, ReaderNeverSeesWhatWasTakenBack) {
  auto log = open();
  auto reader = log->read(0);
  ASSERT_TRUE(log->append_and_wait("one"));
  files_.set_capacity(80);
  ASSERT_FALSE(log->append_and_wait(std::string(100, 'x')));
  ASSERT_TRUE(*reader->next());
  files_.set_capacity(UINT64_MAX);
  ASSERT_TRUE(log->append_and_wait("two"));
  auto entry = reader->next();
  ASSERT_TRUE(entry && *entry);
  EXPECT_EQ(text_of((*entry)->payload), "two");
}

// The reader comes to the segment between a write that found the disk full and the cut that takes it back.
TEST_F(SegmentLog, ReaderThatOpensBesideAFailingWriteKeepsNothingOfIt) {
  options_.background = false;
  auto log = open();
  ASSERT_TRUE(log->append("one", nullptr));
  log->drain();
  auto reader = log->read(0);
  files_.set_capacity(80);
  int operations = 0;
  std::string read_meanwhile;
  files_.before_operation([&] {
    if (++operations != 2) return;
    const auto entry = reader->next();
    if (entry && *entry) read_meanwhile = text_of((*entry)->payload);
  });
  ASSERT_TRUE(log->append(std::string(100, 'x'), nullptr));
  log->drain();
  EXPECT_EQ(read_meanwhile, "one");
  files_.set_capacity(UINT64_MAX);
  ASSERT_TRUE(log->append("two", nullptr));
  log->drain();
  const auto entry = reader->next();
  ASSERT_TRUE(entry && *entry) << entry.error().message();
  EXPECT_EQ(text_of((*entry)->payload), "two");
}

TEST_F(SegmentLog, AfterAFailedSyncNothingIsAcceptedUntilReopened) {
  auto log = open();
  ASSERT_TRUE(log->append_and_wait("safe"));
  files_.fail_syncs(1);
  EXPECT_FALSE(log->append_and_wait("unknown"));
  const auto later = log->append_and_wait("later");
  ASSERT_FALSE(later);
  EXPECT_NE(later.error().advice.find("start gnomon again"), std::string::npos);
  log.reset();
  EXPECT_EQ(all_records(*open())[0], "safe");
}

TEST_F(SegmentLog, SaysBusyWhenTheQueueIsFull) {
  options_.queue_bytes = 10;
  std::promise<void> started, release;  // outlive the log, whose thread waits for them
  auto log = open();
  ASSERT_TRUE(log->append("a", [&](auto) {
    started.set_value();
    release.get_future().wait();
  }));
  started.get_future().wait();
  ASSERT_TRUE(log->append("waits", nullptr));
  const auto busy = log->append("too much", nullptr);
  ASSERT_FALSE(busy);
  EXPECT_EQ(busy.error().code, ErrorCode::kUnavailable);
  release.set_value();
}

TEST_F(SegmentLog, RemovesOldSegmentsWhole) {
  options_.segment_bytes = 64;
  auto log = open();
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(log->append_and_wait(std::string(20, 'r')));
  EXPECT_GT(*log->remove_before(3), 0U);
  const std::uint64_t first = log->status().first_record;
  EXPECT_GT(first, 0U);
  EXPECT_LE(first, 3U);
  EXPECT_FALSE(log->read(0));
  EXPECT_EQ(all_records(*log, first).size(), 6 - first);
  log.reset();
  EXPECT_EQ(open()->status().first_record, first);
}

// Whatever a crash does to what was not synced, what was acknowledged is there, in order, and opening succeeds.
TEST_F(SegmentLog, SurvivesAnyCrashWithAllThatWasAcknowledged) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random(seed);
    MemoryFileSystem files;
    options_.segment_bytes = 400;
    options_.group_bytes = 200;
    std::vector<std::string> acknowledged;
    for (int life = 0; life < 4; ++life) {
      auto log = Log::open(files, kFolder, options_);
      ASSERT_TRUE(log) << "seed " << seed << ": " << log.error().message();
      auto found = all_records(**log);
      ASSERT_GE(found.size(), acknowledged.size()) << "seed " << seed;
      ASSERT_TRUE(std::equal(acknowledged.begin(), acknowledged.end(), found.begin())) << "seed " << seed;
      acknowledged = std::move(found);
      // The crash falls between a write and its sync: the sync fails, and the process never sees another.
      const auto before = random.next() % 12;
      for (std::uint64_t i = 0; i < before; ++i) {
        const std::string text = fmt::format("{}-{}-{}", seed, life, std::string(random.next() % 60, 'x'));
        ASSERT_TRUE((*log)->append_and_wait(text));
        acknowledged.push_back(text);
      }
      files.fail_syncs(1);
      for (int i = 0; i < 3; ++i) (void)(*log)->append(std::string(1 + random.next() % 90, 'u'), nullptr);
      log->reset();
      files.fail_syncs(0);
      files.crash(random);
    }
  }
}

}  // namespace
}  // namespace gnomon::segment
