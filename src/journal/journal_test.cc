#include "journal/journal.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <thread>

#include "journal/batch_for_test.h"
#include "journal/folder_lock.h"
#include "journal/verify.h"
#include "segment/memory_file_system.h"

namespace gnomon::journal {
namespace {

constexpr const char* kFolder = "/data";

class JournalTest : public testing::Test {
 protected:
  JournalTest() {
    options_.lock_folder = false;
    options_.background = false;
    options_.ledger_name = "gnomon/test";
  }
  Result<std::unique_ptr<Journal>> try_open() { return Journal::open(files_, kFolder, key_, clock_, options_); }
  std::unique_ptr<Journal> open() {
    auto journal = try_open();
    EXPECT_TRUE(journal) << journal.error().message();
    return journal ? *std::move(journal) : nullptr;
  }
  static Result<Appended> append(Journal& journal, const std::string& bytes) {
    const auto batch = schema::read_signed_batch(std::as_bytes(std::span(bytes)));
    EXPECT_TRUE(batch);
    return journal.append_and_wait(*batch, std::as_bytes(std::span(bytes)));
  }
  static std::vector<std::string> all(const Journal& journal, std::uint64_t from = 0) {
    std::vector<std::string> batches;
    auto reader = journal.read(from);
    EXPECT_TRUE(reader);
    while (true) {
      auto entry = reader->next();
      EXPECT_TRUE(entry) << entry.error().message();
      if (!entry || !*entry) return batches;
      EXPECT_EQ((*entry)->record, from + batches.size());
      batches.push_back((*entry)->signed_batch);
    }
  }
  segment::MemoryFileSystem files_;
  ManualClock clock_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
  JournalOptions options_;
  ProbeForTest probe_{1};
  ProbeForTest other_{2};
};

TEST_F(JournalTest, StoresEachBatchOnceAndGivesItsBytesBack) {
  auto journal = open();
  const auto first = append(*journal, probe_.batch(1));
  ASSERT_TRUE(first) << first.error().message();
  EXPECT_EQ(first->outcome, AppendOutcome::kStored);
  EXPECT_EQ(first->record, 0U);
  EXPECT_EQ(append(*journal, other_.batch(1))->record, 1U);
  EXPECT_EQ(append(*journal, probe_.batch(1))->outcome, AppendOutcome::kDuplicate);
  EXPECT_EQ(all(*journal), (std::vector<std::string>{probe_.batch(1), other_.batch(1)}));
  EXPECT_EQ(journal->status().duplicates, 1U);
}

// The program is killed while it makes the ledger, started again, and then the power goes, each at any operation: what
// was signed never stands without the key to read it by.
TEST_F(JournalTest, NoCheckpointOutlivesTheLedgersKey) {
  constexpr std::uint64_t kOperations = 30;  // more than the first opening takes
  for (std::uint64_t killed_at = 1; killed_at <= kOperations; ++killed_at) {
    segment::MemoryFileSystem killed;
    SeededRandom random(killed_at);
    killed.cut_power(killed_at);
    (void)Journal::open(killed, kFolder, key_, clock_, options_);
    killed.restart(segment::Loss::kNothing, random);
    for (std::uint64_t cut_at = 1; cut_at <= kOperations; ++cut_at) {
      const auto disk = killed.clone();
      disk->cut_power(cut_at);
      (void)Journal::open(*disk, kFolder, key_, clock_, options_);
      for (int image = 0; image < 8; ++image) {
        const auto left = disk->clone();
        left->restart(segment::Loss::kSome, random);
        if (!left->read_file("/data/ledger/checkpoint")) continue;
        EXPECT_TRUE(left->read_file("/data/ledger/key")) << "killed at " << killed_at << ", cut at " << cut_at;
      }
    }
  }
}

TEST_F(JournalTest, ToleratesGapsAndDisorder) {
  auto journal = open();
  for (std::uint64_t s : {5, 2, 9, 3}) EXPECT_EQ(append(*journal, probe_.batch(s))->outcome, AppendOutcome::kStored);
  for (std::uint64_t s : {3, 5}) EXPECT_EQ(append(*journal, probe_.batch(s))->outcome, AppendOutcome::kDuplicate);
  EXPECT_TRUE(journal->contains(probe_.id(), 9));
  EXPECT_FALSE(journal->contains(probe_.id(), 4));
  EXPECT_EQ(journal->highest_sequence(probe_.id()), 9U);
}

TEST_F(JournalTest, CopiesUnderWayAtOnceAreStoredOnce) {
  auto journal = open();
  const std::string bytes = probe_.batch(1);
  std::atomic<int> stored = 0;
  std::atomic<int> duplicates = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const auto done = append(*journal, bytes);
      ASSERT_TRUE(done);
      ++(done->outcome == AppendOutcome::kStored ? stored : duplicates);
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(stored, 1);
  EXPECT_EQ(duplicates, 7);
  EXPECT_EQ(journal->durable_records(), 1U);
}

TEST_F(JournalTest, KnowsItsBatchesAfterReopeningFromTheIndex) {
  {
    auto journal = open();
    for (std::uint64_t s = 1; s <= 20; ++s) ASSERT_TRUE(append(*journal, probe_.batch(s)));
  }
  auto journal = open();
  EXPECT_EQ(journal->status().scanned_on_open, 0U);
  EXPECT_EQ(append(*journal, probe_.batch(20))->outcome, AppendOutcome::kDuplicate);
  EXPECT_EQ(append(*journal, probe_.batch(21))->record, 20U);
  EXPECT_EQ(all(*journal, 19).size(), 2U);
}

TEST_F(JournalTest, MakesALostOrDamagedIndexAnew) {
  for (const bool is_lost : {true, false}) {
    {
      auto journal = open();
      ASSERT_TRUE(append(*journal, probe_.batch(is_lost ? 1 : 2)));
    }
    if (is_lost) {
      ASSERT_TRUE(files_.remove("/data/journal/index"));
    } else {
      files_.flip("/data/journal/index", 20, std::byte{1});
    }
    auto journal = open();
    EXPECT_GT(journal->status().scanned_on_open, 0U);
    EXPECT_EQ(append(*journal, probe_.batch(1))->outcome, AppendOutcome::kDuplicate);
  }
}

TEST_F(JournalTest, RefusesWhileTheDiskIsFullAndRecoversByItself) {
  auto journal = open();
  ASSERT_TRUE(append(*journal, probe_.batch(1)));
  files_.set_capacity(0);
  const auto refused = append(*journal, probe_.batch(2));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  EXPECT_FALSE(journal->publish());
  files_.set_capacity(UINT64_MAX);
  EXPECT_EQ(append(*journal, probe_.batch(2))->outcome, AppendOutcome::kStored);
  ASSERT_TRUE(journal->publish());
  EXPECT_EQ(journal->ledger().status().size, 2U);
  EXPECT_EQ(verify_folder(files_, kFolder)->problem_count, 0U);
}

TEST_F(JournalTest, RefusesAFolderOfANewerVersion) {
  { open(); }
  ASSERT_TRUE(files_.replace_file("/data/journal/format", "gnomon journal 2\n"));
  const auto journal = try_open();
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(journal.error().message().find("format 2, this gnomon knows 1"), std::string::npos);
  EXPECT_NE(journal.error().advice.find("newer"), std::string::npos);
}

TEST_F(JournalTest, RefusesAJournalThatLostWhatWasSigned) {
  {
    auto journal = open();
    for (std::uint64_t s = 1; s <= 3; ++s) ASSERT_TRUE(append(*journal, probe_.batch(s)));
  }
  ASSERT_TRUE(files_.remove("/data/journal/index"));
  ASSERT_TRUE(files_.remove("/data/journal/" + segment::segment_name(0)));
  const auto journal = try_open();
  ASSERT_FALSE(journal);
  EXPECT_NE(journal.error().message().find("signed 3 batches, the journal holds only 0"), std::string::npos)
      << journal.error().message();
}

TEST_F(JournalTest, RefusesAJournalWithOtherBatchesThanWereSigned) {
  segment::MemoryFileSystem twin;
  {
    auto journal = open();
    ASSERT_TRUE(append(*journal, probe_.batch(1)));
    auto forged = Journal::open(twin, kFolder, key_, clock_, options_);
    ASSERT_TRUE(append(**forged, probe_.batch(1, 2)));
  }
  const std::string segment = "/data/journal/" + segment::segment_name(0);
  ASSERT_TRUE(files_.replace_file(segment, *twin.read_file(segment)));
  ASSERT_TRUE(files_.remove("/data/journal/index"));
  const auto journal = try_open();
  ASSERT_FALSE(journal);
  EXPECT_NE(journal.error().message().find("not the batch that was signed"), std::string::npos);
}

TEST_F(JournalTest, RefusesAnotherObservatorysKey) {
  { open(); }
  key_ = crypto::PrivateKey::generate();
  const auto journal = try_open();
  ASSERT_FALSE(journal);
  EXPECT_EQ(journal.error().code, ErrorCode::kConflict);
}

TEST_F(JournalTest, TellsWaitersOfNewRecords) {
  auto journal = open();
  EXPECT_FALSE(journal->wait_for_more_than(0, std::chrono::milliseconds(0)));
  ASSERT_TRUE(append(*journal, probe_.batch(1)));
  EXPECT_TRUE(journal->wait_for_more_than(0, std::chrono::seconds(10)));
}

TEST_F(JournalTest, SignsByItselfWhileThereIsNewWork) {
  options_.background = true;
  options_.checkpoint_interval = std::chrono::milliseconds(1);
  auto journal = open();
  ASSERT_TRUE(append(*journal, probe_.batch(1)));
  while (journal->ledger().status().size == 0) std::this_thread::yield();
  EXPECT_EQ(journal->ledger().status().size, 1U);
}

// Whatever a crash leaves: what was acknowledged is there once, what was signed stays, and verification agrees.
TEST_F(JournalTest, SurvivesAnyCrashWithAllThatWasAcknowledged) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    SeededRandom random(seed);
    segment::MemoryFileSystem files;
    options_.log.segment_bytes = 2'000;
    std::uint64_t sequence = 0;
    std::set<std::uint64_t> acknowledged;
    std::uint64_t signed_size = 0;
    for (int life = 0; life < 5; ++life) {
      auto journal = Journal::open(files, kFolder, key_, clock_, options_);
      ASSERT_TRUE(journal) << "seed " << seed << ": " << journal.error().message();
      for (const std::uint64_t s : acknowledged) ASSERT_TRUE((*journal)->contains(probe_.id(), s)) << "seed " << seed;
      ASSERT_GE((*journal)->ledger().status().size, signed_size);
      for (std::uint64_t n = random.next() % 8; n > 0; --n) {
        ASSERT_TRUE(append(**journal, probe_.batch(++sequence)));
        acknowledged.insert(sequence);
        const bool publishes = random.next() % 3 == 0;
        ASSERT_TRUE(!publishes || (*journal)->publish());
      }
      signed_size = (*journal)->ledger().status().size;
      files.fail_syncs(1'000'000);
      const auto unsure = append(**journal, probe_.batch(++sequence));
      EXPECT_FALSE(unsure);
      journal->reset();
      files.fail_syncs(0);
      files.crash(random);
    }
    { ASSERT_TRUE(Journal::open(files, kFolder, key_, clock_, options_)); }
    const auto report = verify_folder(files, kFolder);
    ASSERT_TRUE(report);
    EXPECT_EQ(report->problem_count, 0U) << "seed " << seed << ": " << report->problems[0].reason;
    EXPECT_EQ(report->records, report->ledger_size);
  }
}

TEST(FolderLockTest, AdmitsOneProcessAndNamesIt) {
  std::string folder = testing::TempDir() + "gnomon-lock-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  {
    const auto first = FolderLock::acquire(folder);
    ASSERT_TRUE(first);
    const auto second = FolderLock::acquire(folder);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_NE(second.error().message().find(fmt::format("another gnomon (pid {}) uses {}", ::getpid(), folder)),
              std::string::npos);
  }
  EXPECT_TRUE(FolderLock::acquire(folder));
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gnomon::journal
