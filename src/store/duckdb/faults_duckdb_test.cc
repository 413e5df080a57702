// What the embedded store does when the disk, the file or another program is against it.

#include <fcntl.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <fstream>

#include "contract/answers.h"
#include "store/duckdb/connection.h"
#include "store/duckdb/test_folder.h"

namespace gnomon::store::duckdb {
namespace {

using contract::History;

// Files of this process cannot grow beyond `bytes` while it lives: to a store this is a full disk.
class FullDisk {
 public:
  explicit FullDisk(std::uint64_t bytes) : before_signal_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;
  ~FullDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, before_signal_);
  }

 private:
  rlimit before_{};
  void (*before_signal_)(int);
};

contract::WorkloadShape shape_of(std::size_t batches) {
  contract::WorkloadShape shape;
  shape.batches = batches;
  return shape;
}

std::uint64_t bytes_of(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? std::filesystem::file_size(file) : 0;
}

TEST(DuckdbFaults, AFullDiskLosesNothingAndTheStoreGoesOnWhenThereIsRoom) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  const History history(1, shape_of(400));
  Options options;
  options.keep = {};
  options.tail_rows = 1;  // every range goes to disk with the next
  auto store = open(file, options);
  ASSERT_TRUE(store) << store.error().message();
  contract::apply_range(**store, history, 0, 100);
  int refused = 0;
  {
    const FullDisk full(std::max(bytes_of(file), bytes_of(file.string() + ".wal")) + 65'536);
    while ((*store)->position().records < history.records() && refused < 5) {
      const std::uint64_t at = (*store)->position().records;
      const auto status = (*store)->apply(history.batches().subspan(at, 20), {at}, {at + 20});
      if (status) continue;
      ++refused;
      EXPECT_TRUE(status.error().code == ErrorCode::kExhausted || status.error().code == ErrorCode::kUnavailable)
          << status.error().message();
    }
  }
  EXPECT_EQ(refused, 5) << "the disk was never full";
  SeededRandom random(1);
  contract::apply_all(**store, history, random, 20);
  contract::expect_true_answers(**store, history, random, 5);
  store->reset();
  store = open(file, options);
  ASSERT_TRUE(store) << store.error().message();
  EXPECT_EQ((*store)->windows_stored(), history.truth().all().size());
  contract::expect_true_answers(**store, history, random, 5);
}

std::uint64_t microseconds_of(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(time.tv_usec);
}

// Ends this process, as kill -9 does, after so much processor time of all its threads.
void die_after(std::chrono::microseconds cpu) {
  sigevent event{};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  timer_t timer{};
  itimerspec when{};
  when.it_value.tv_sec = cpu.count() / 1'000'000;
  when.it_value.tv_nsec = cpu.count() % 1'000'000 * 1'000 + 1;
  if (::timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &timer) != 0 || ::timer_settime(timer, 0, &when, nullptr) != 0) {
    ::_exit(2);
  }
}

TEST(DuckdbFaults, KilledWhileItWritesAndSumsUpItGoesOnFromAWholeApply) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "the thread sanitizer does not follow a child that has threads";
#endif
  const History history(5, shape_of(500));
  Options options;
  options.keep = {};
  options.tail_rows = 300;
  SeededRandom random(5);
  std::uint64_t whole_us = 0;  // processor time of a run that is left alone
  int killed = 0, written = 0;
  for (int time = 0; time < 6; ++time) {
    const TestFolder folder;
    const auto file = folder.path() / "t.duckdb";
    const std::chrono::microseconds cpu(whole_us * 4 / 10 + random.next() % (whole_us / 2 + 1));
    const pid_t child = ::fork();
    if (child == 0) {
      if (time > 0) die_after(cpu);
      const auto store = open(file, options);
      for (std::uint64_t at = 0; store && at < history.records(); at += 5) {
        if (!(*store)->apply(history.batches().subspan(at, 5), {at}, {at + 5})) ::_exit(1);
      }
      ::_exit(0);
    }
    int how = 0;
    rusage used{};
    ASSERT_EQ(::wait4(child, &how, 0, &used), child);
    ASSERT_TRUE(WIFSIGNALED(how) || WEXITSTATUS(how) == 0) << how;
    if (time == 0) whole_us = microseconds_of(used.ru_utime) + microseconds_of(used.ru_stime);
    killed += WIFSIGNALED(how) ? 1 : 0;
    const auto store = open(file, options);
    ASSERT_TRUE(store) << store.error().message();
    EXPECT_EQ((*store)->position().records % 5, 0U);
    written += (*store)->position().records > 0 ? 1 : 0;
    contract::apply_all(**store, history, random, 40);
    contract::expect_true_answers(**store, history, random, 1);
    EXPECT_EQ((*store)->windows_stored(), history.truth().all().size());
  }
  EXPECT_GE(killed, 3);
  EXPECT_GE(written, 3);
}

TEST(DuckdbFaults, AFileOfALaterFormatIsRefusedWithTheWayOut) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  ASSERT_TRUE(open(file));
  {
    auto database = Database::open(file, {});
    ASSERT_TRUE(database);
    auto connection = Connection::open(*database);
    ASSERT_TRUE(connection->run("UPDATE state SET format = 99", "test"));
  }
  const auto store = open(file);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kUnsupported);
  EXPECT_NE(store.error().message().find("gnomon rebuild"), std::string::npos) << store.error().message();
}

TEST(DuckdbFaults, ADamagedFileIsRefusedWithTheWayOut) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  {
    const History history(2, shape_of(50));
    const auto store = open(file);
    ASSERT_TRUE(store);
    contract::apply_range(**store, history, 0, 50);
    ASSERT_TRUE((*store)->compact());
  }
  const auto size = bytes_of(file);
  for (const std::uint64_t at : {std::uint64_t{8}, std::uint64_t{4'096 + 100}, std::uint64_t{8'192 + 100}}) {
    std::filesystem::copy_file(file, folder.path() / "damaged", std::filesystem::copy_options::overwrite_existing);
    std::fstream bytes(folder.path() / "damaged", std::ios::in | std::ios::out | std::ios::binary);
    ASSERT_LT(at, size);
    bytes.seekp(static_cast<std::streamoff>(at));
    bytes.write("damaged!", 8);
    bytes.close();
    const auto store = open(folder.path() / "damaged");
    if (store) continue;  // the other of the two headers, which are written in turn
    EXPECT_EQ(store.error().code, ErrorCode::kCorrupt) << at << ": " << store.error().message();
    EXPECT_NE(store.error().message().find("gnomon rebuild"), std::string::npos) << store.error().message();
  }
  std::ofstream(folder.path() / "text")
      << "this is no database, whatever its name says; it is only some lines of text\n"
      << std::string(20'000, 'x');
  const auto store = open(folder.path() / "text");
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kCorrupt) << store.error().message();
}

TEST(DuckdbFaults, AnotherProgramThatHoldsTheFileIsNamed) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  ASSERT_TRUE(open(file));
  int ready[2], release[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(release), 0);
  // Without the handlers that fork() calls: the allocator of DuckDB takes more locks there than the thread sanitizer
  // counts. The child makes only calls that a signal handler may make.
  const pid_t child = ::_Fork();
  if (child == 0) {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    const int fd = ::open(file.c_str(), O_RDWR);
    const bool held = fd >= 0 && ::fcntl(fd, F_SETLK, &lock) == 0;
    char byte = held ? 'y' : 'n';
    (void)!::write(ready[1], &byte, 1);
    (void)!::read(release[0], &byte, 1);
    ::_exit(0);
  }
  char held = 0;
  ASSERT_EQ(::read(ready[0], &held, 1), 1);
  ASSERT_EQ(held, 'y');
  const auto store = open(file);
  (void)!::write(release[1], "x", 1);
  ::waitpid(child, nullptr, 0);
  for (const int fd : {ready[0], ready[1], release[0], release[1]}) ::close(fd);
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().code, ErrorCode::kConflict) << store.error().message();
}

TEST(DuckdbFaults, AColumnOfANewerSchemaIsAddedToAnOlderFile) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  const History history(3, shape_of(60));
  {
    const auto store = open(file);
    ASSERT_TRUE(store);
    contract::apply_range(**store, history, 0, 30);
  }
  {  // as a program wrote it whose schema had no such column yet
    auto database = Database::open(file, {});
    ASSERT_TRUE(database);
    auto connection = Connection::open(*database);
    for (const std::string table : {"packed_raw", "packed_1m", "packed_1h", "packed_1d"}) {
      ASSERT_TRUE(connection->run("ALTER TABLE " + table + " DROP COLUMN stray", "test"));
    }
  }
  const auto store = open(file);
  ASSERT_TRUE(store) << store.error().message();
  contract::apply_range(**store, history, 30, 60);
  ASSERT_TRUE((*store)->compact());
  std::uint64_t windows = 0, stray = 0, want_stray = 0;
  const auto points = contract::value_of(
      (*store)->summaries({{}, {history.range().from, history.range().to + std::chrono::hours(1)}, kNoSketches}));
  for (const PathPoint& p : points) {
    windows += p.point.windows;
    stray += p.point.stray;
  }
  for (const auto& w : history.truth().all()) want_stray += w.record >= 30 ? w.window.stray : 0;
  EXPECT_EQ(windows, history.truth().all().size());
  EXPECT_EQ(stray, want_stray);
}

TEST(DuckdbFaults, ACheckpointWaitsForTheNextTimeWhileOthersWrite) {
  const TestFolder folder;
  auto database = Database::open(folder.path() / "t.duckdb", {});
  ASSERT_TRUE(database);
  auto one = Connection::open(*database);
  auto other = Connection::open(*database);
  ASSERT_TRUE(one->run("CREATE TABLE t (x BIGINT)", "test"));
  ASSERT_TRUE(other->run("BEGIN TRANSACTION", "test"));
  ASSERT_TRUE(other->run("INSERT INTO t VALUES (1)", "test"));
  EXPECT_FALSE(one->run("CHECKPOINT", "test"));
  EXPECT_TRUE(one->checkpoint());
  ASSERT_TRUE(other->run("COMMIT", "test"));
  EXPECT_TRUE(one->checkpoint());
}

TEST(DuckdbFaults, SpaceOfRemovedWindowsIsUsedAgain) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  contract::WorkloadShape shape = shape_of(900);
  shape.paths_per_probe = 20;
  shape.windows_per_batch = 30;
  shape.late = 0;
  const History history(4, shape);
  Options options;
  options.keep = {std::chrono::hours(2), std::chrono::hours(2), std::chrono::hours(4), std::nullopt};
  const auto store = open(file, options);
  ASSERT_TRUE(store);
  std::vector<std::uint64_t> sizes;
  for (std::uint64_t at = 0; at < history.records(); at += 75) {
    contract::apply_range(**store, history, at, std::min(history.records(), at + 75));
    const WallTime now = history.batches()[std::min(history.records(), at + 75) - 1].base + std::chrono::minutes(5);
    ASSERT_TRUE((*store)->enforce_retention(now));
    sizes.push_back(bytes_of(file));
  }
  const auto use = contract::value_of((*store)->storage());
  EXPECT_LT(use.levels[0].rows, history.truth().all().size() / 4);
  // Twelve rounds; what is kept is that of about three.
  EXPECT_LT(sizes.back(), sizes[5] * 3 / 2) << fmt::format("{}", fmt::join(sizes, " "));
}

}  // namespace
}  // namespace gnomon::store::duckdb
