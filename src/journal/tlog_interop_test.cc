// Our ledger before a reader that was written from the C2SP texts alone, in another language.

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "journal/batch_for_test.h"
#include "journal/journal.h"

namespace gnomon::journal {
namespace {

class TlogInterop : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gnomon-tlog-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void make_ledger(int batches) {
    JournalOptions options;
    options.background = false;
    options.ledger_name = "gnomon/interop";
    const SystemClock clock;
    auto journal = Journal::open(segment::real_file_system(), folder_, crypto::PrivateKey::generate(), clock, options);
    EXPECT_TRUE(journal) << journal.error().message();
    const ProbeForTest probe;
    for (int i = 1; i <= batches; ++i) {
      const std::string bytes = probe.batch(static_cast<std::uint64_t>(i));
      const auto batch = schema::read_signed_batch(std::as_bytes(std::span(bytes)));
      EXPECT_TRUE((*journal)->append(*batch, std::as_bytes(std::span(bytes)), [](const auto& r) { EXPECT_TRUE(r); }));
      if (i != 100) continue;
      EXPECT_TRUE((*journal)->append_and_wait(*batch, std::as_bytes(std::span(bytes))));
      EXPECT_TRUE((*journal)->publish());  // a tree that is then extended
    }
    journal->reset();
    auto again = Journal::open(segment::real_file_system(), folder_, crypto::PrivateKey::generate(), clock, options);
    EXPECT_FALSE(again) << "another key was accepted";
  }

  // The reader's exit code and what it printed.
  std::pair<int, std::string> read_with(const std::string& arguments) {
    const std::string command = "python3 " GNOMON_SOURCE_DIR "/tests/interop/tlog_reader.py " + arguments + " 2>&1";
    FILE* pipe = ::popen(command.c_str(), "r");
    std::string output;
    char buffer[512];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) output += buffer;
    return {WEXITSTATUS(::pclose(pipe)), output};
  }
  std::string folder_;
};

TEST_F(TlogInterop, AReaderOfTheStandardAcceptsOurLedger) {
  for (const int size : {3, 600}) {
    std::filesystem::remove_all(folder_);
    make_ledger(size);
    const auto [code, output] = read_with(folder_ + "/ledger");
    EXPECT_EQ(code, 0) << output;
    EXPECT_NE(output.find("\"origin\": \"gnomon/interop\", \"size\": " + std::to_string(size)), std::string::npos)
        << output;
  }
}

TEST_F(TlogInterop, TheReaderIsNoRubberStamp) {
  make_ledger(300);
  const std::string path = folder_ + "/ledger/tile/entries/001.p/44";
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  ASSERT_TRUE(file);
  file.seekp(50);
  file.put('!');
  file.close();
  EXPECT_EQ(read_with(folder_ + "/ledger").first, 1);
}

}  // namespace
}  // namespace gnomon::journal
