#include "journal/verify.h"

#include <gtest/gtest.h>

#include "journal/batch_for_test.h"
#include "journal/journal.h"
#include "journal/meddling_files_for_test.h"
#include "segment/memory_file_system.h"

namespace gnomon::journal {
namespace {

constexpr const char* kFolder = "/data";

// A small folder with several segments, a full and a partial tile, and an index.
class Verify : public testing::Test {
 protected:
  void fill(int batches, int first = 1) {
    JournalOptions options;
    options.lock_folder = false;
    options.background = false;
    options.log.segment_bytes = 24'000;
    auto journal = Journal::open(files_, kFolder, key_, clock_, options);
    ASSERT_TRUE(journal) << journal.error().message();
    const ProbeForTest probe;
    for (int i = first; i < first + batches; ++i) {
      const std::string bytes = probe.batch(static_cast<std::uint64_t>(i));
      const auto batch = schema::read_signed_batch(std::as_bytes(std::span(bytes)));
      ASSERT_TRUE((*journal)->append(*batch, std::as_bytes(std::span(bytes)), [](const auto& r) { EXPECT_TRUE(r); }));
    }
  }
  std::vector<std::string> stored_files() {
    std::vector<std::string> paths;
    for (const char* folder :
         {"/data/journal", "/data/ledger", "/data/ledger/tile/0", "/data/ledger/tile/0/000.p",
          "/data/ledger/tile/0/001.p", "/data/ledger/tile/1", "/data/ledger/tile/1/000.p", "/data/ledger/tile/entries",
          "/data/ledger/tile/entries/000.p", "/data/ledger/tile/entries/001.p"}) {
      const auto names = files_.list(folder);
      if (!names) continue;
      for (const std::string& name : *names) paths.push_back(std::string(folder) + "/" + name);
    }
    return paths;
  }
  Fetch fetch_ = [this](const std::string& path) { return files_.read_file("/data/ledger/" + path); };
  segment::MemoryFileSystem files_;
  ManualClock clock_;
  crypto::PrivateKey key_ = crypto::PrivateKey::generate();
};

TEST_F(Verify, CountsWhatItChecked) {
  fill(300);
  const auto report = verify_folder(files_, kFolder);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problem_count, 0U) << report->problems[0].file << ": " << report->problems[0].reason;
  EXPECT_TRUE(report->notes.empty()) << report->notes[0];
  EXPECT_GT(report->segments, 1U);
  EXPECT_EQ(report->records, 300U);
  EXPECT_EQ(report->signatures, 300U);
  EXPECT_EQ(report->windows, 300U);
  EXPECT_EQ(report->leaves, 300U);
  EXPECT_EQ(report->ledger_size, 300U);
  EXPECT_EQ(report->bundles, 2U);  // one full, one partial
  EXPECT_EQ(report->tiles, 3U);    // level 0: one full, one partial; level 1: one partial
  EXPECT_EQ(report->checkpoints, 1U);
}

TEST_F(Verify, FindsAndLocatesAFlippedByteInEveryFile) {
  fill(300);
  const auto paths = stored_files();
  // format, index, key, checkpoint, segments, 3 hash tiles, 2 bundles
  ASSERT_GE(paths.size(), 11U);
  std::size_t flips = 0;
  for (const std::string& path : paths) {
    const std::size_t size = files_.read_file(path)->size();
    const std::size_t step = std::max<std::size_t>(1, size / 12);
    for (std::size_t offset = 0; offset < size; offset += offset < 48 ? 9 : step) {
      files_.flip(path, offset, std::byte{0x04});
      const auto report = verify_folder(files_, kFolder);
      ASSERT_TRUE(report);
      EXPECT_GT(report->problem_count, 0U) << path << " byte " << offset;
      const bool is_located = std::ranges::any_of(report->problems, [&](const Problem& p) { return p.file == path; });
      EXPECT_TRUE(is_located) << path << " byte " << offset << ": " << report->problems[0].file << " "
                              << report->problems[0].reason;
      files_.flip(path, offset, std::byte{0x04});
      ++flips;
    }
  }
  EXPECT_GT(flips, 150U);
  EXPECT_EQ(verify_folder(files_, kFolder)->problem_count, 0U);
}

TEST_F(Verify, SaysWhichRecordAndByteIsDamaged) {
  fill(3);
  const std::string path = "/data/journal/" + segment::segment_name(0);
  files_.flip(path, files_.read_file(path)->size() - 1, std::byte{1});
  const auto report = verify_folder(files_, kFolder);
  ASSERT_EQ(report->problem_count, 1U);
  EXPECT_EQ(report->problems[0].record, 2U);
  EXPECT_TRUE(report->problems[0].offset);
}

TEST_F(Verify, FindsAMissingTileAndAMissingSegment) {
  fill(300);
  ASSERT_TRUE(files_.remove("/data/ledger/tile/0/000"));
  EXPECT_EQ(verify_folder(files_, kFolder)->problems.at(0).file, "/data/ledger/tile/0/000");
  ASSERT_TRUE(files_.remove("/data/journal/" + segment::segment_name(0)));
  EXPECT_GT(verify_folder(files_, kFolder)->problem_count, 0U);
}

TEST_F(Verify, LostTilesAreMadeAnewByOpening) {
  fill(300);
  for (const char* name : {"0/000", "0/001.p/44", "entries/000", "1/000.p/1"}) {
    ASSERT_TRUE(files_.remove("/data/ledger/tile/" + std::string(name))) << name;
  }
  EXPECT_EQ(verify_folder(files_, kFolder)->problem_count, 4U);
  fill(1, 301);
  const auto report = verify_folder(files_, kFolder);
  EXPECT_EQ(report->problem_count, 0U) << report->problems[0].file;
  EXPECT_EQ(report->ledger_size, 301U);
}

// A writing process signs again and again while the folder is read.
TEST_F(Verify, BesideAWriterBlamesNothing) {
  fill(250);
  MeddlingFiles meddling(files_);
  bool done = false;
  meddling.before_open = [&](const std::string& path) {
    if (!path.ends_with(".seg") || std::exchange(done, true)) return;
    fill(20, 251);
  };
  const auto report = verify_folder(meddling, kFolder);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problem_count, 0U) << report->problems[0].file << ": " << report->problems[0].reason;
  EXPECT_EQ(report->ledger_size, 250U);
}

TEST_F(Verify, NotesAnUnfinishedTailWithoutBlame) {
  fill(3);
  const std::string path = "/data/journal/" + segment::segment_name(0);
  std::string content = *files_.read_file(path);
  ASSERT_TRUE(files_.replace_file(path, content + "half a record"));
  const auto report = verify_folder(files_, kFolder);
  EXPECT_EQ(report->problem_count, 0U);
  ASSERT_EQ(report->notes.size(), 1U);
  EXPECT_NE(report->notes[0].find("13 bytes"), std::string::npos) << report->notes[0];
}

TEST_F(Verify, OfAnotherFolderSaysWhatToName) {
  const auto report = verify_folder(files_, "/nowhere");
  ASSERT_FALSE(report);
  EXPECT_NE(report.error().advice.find("data folder"), std::string::npos);
}

TEST_F(Verify, OfALedgerAloneNeedsNoJournal) {
  fill(300);
  const auto report = verify_ledger(fetch_);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->problem_count, 0U);
  EXPECT_EQ(report->leaves, 300U);
  EXPECT_EQ(report->tiles, 3U);
  EXPECT_EQ(report->bundles, 2U);
  EXPECT_EQ(report->notes.size(), 1U);
  const VerifierKey right{"gnomon/observatory", key_.public_key()};
  EXPECT_TRUE(verify_ledger(fetch_, right)->notes.empty());
  const VerifierKey wrong{"gnomon/observatory", crypto::PrivateKey::generate().public_key()};
  EXPECT_EQ(verify_ledger(fetch_, wrong)->problem_count, 1U);
}

TEST_F(Verify, OfALedgerAloneFindsAFlippedByteInEveryResource) {
  fill(300);
  for (const std::string& path : stored_files()) {
    if (!path.starts_with("/data/ledger/")) continue;
    const std::size_t size = files_.read_file(path)->size();
    for (std::size_t offset = 0; offset < size; offset += std::max<std::size_t>(1, size / 20)) {
      files_.flip(path, offset, std::byte{0x40});
      EXPECT_GT(verify_ledger(fetch_)->problem_count, 0U) << path << " byte " << offset;
      files_.flip(path, offset, std::byte{0x40});
    }
  }
}

}  // namespace
}  // namespace gnomon::journal
