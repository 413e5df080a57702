// The one that applies and the one that sums up write side by side; what each does to the file and to the memory.

#include <gtest/gtest.h>

#include "contract/answers.h"
#include "store/duckdb/apply.h"
#include "store/duckdb/retention.h"
#include "store/duckdb/run_merge.h"
#include "store/duckdb/test_folder.h"

namespace gnomon::store::duckdb {
namespace {

using contract::History;

contract::WorkloadShape shape_of(std::size_t batches) {
  contract::WorkloadShape shape;
  shape.batches = batches;
  return shape;
}

class TwoWriters : public testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path() / "t.duckdb"; }
  void open() {
    auto opened = Engine::open(file(), options_);
    ASSERT_TRUE(opened) << opened.error().message();
    engine_ = std::move(*opened);
  }
  // Records [from, up_to), and into the file.
  void write(std::uint64_t from, std::uint64_t up_to) {
    const std::lock_guard lock(engine_->applying.mutex);
    const auto applied = apply_batches(*engine_, history_.batches().subspan(from, up_to - from), {from}, {up_to});
    ASSERT_TRUE(applied) << applied.error().message();
    const auto status = flush(*engine_);
    ASSERT_TRUE(status) << status.error().message();
  }
  [[nodiscard]] std::vector<RunPart> all_runs() const {
    std::vector<RunPart> parts;
    const auto state = engine_->state();
    for (const duckdb::Run& run : state->runs) parts.push_back({run.id, 0, std::numeric_limits<std::int64_t>::max()});
    return parts;
  }
  // As roll.cc does it, but for the methods, which this does not keep apart.
  Result<Merged> sum_up(std::span<const RunPart> parts) {
    return merge_runs(*engine_, parts, Level::kRaw, Level::kMinute, engine_->take_run());
  }

  TestFolder folder_;
  Options options_;
  History history_{1, shape_of(60)};
  std::unique_ptr<Engine> engine_;
};

TEST_F(TwoWriters, CommitSideBySide) {
  open();
  write(0, 20);
  const auto parts = all_runs();
  ASSERT_FALSE(parts.empty());
  {
    const std::lock_guard lock(engine_->summing.mutex);
    auto transaction = Transaction::begin(engine_->summing.connection());
    ASSERT_TRUE(transaction);
    const auto merged = sum_up(parts);
    ASSERT_TRUE(merged) << merged.error().message();
    write(20, 40);  // begins and ends within
    const auto status = engine_->commit(engine_->summing, *transaction, [&](State& state) {
      std::erase_if(state.runs, [&](const duckdb::Run& r) { return r.id == parts.front().run; });
      state.rolled.before_ms[1] = 60'000;
    });
    ASSERT_TRUE(status) << status.error().message();
    EXPECT_GT(merged->rows, 0U);
  }
  write(40, 60);
  const auto known = engine_->state();
  EXPECT_EQ(known->position, 60U);
  EXPECT_EQ(known->changes, 3U);
  EXPECT_EQ(known->rolled.changes, 1U);
  engine_.reset();
  open();
  const auto found = engine_->state();
  EXPECT_EQ(found->runs, known->runs);
  EXPECT_EQ(found->position, 60U);
  EXPECT_EQ(found->windows, known->windows);
  EXPECT_EQ(found->rolled.changes, 1U);
  EXPECT_EQ(found->rolled.before_ms[1], 60'000);
  EXPECT_EQ(std::ranges::find(found->runs, parts.front().run, &duckdb::Run::id), found->runs.end());
}

TEST_F(TwoWriters, ASummingUpGivesUpWhenTheStoreIsToBeClosed) {
  open();
  write(0, 20);
  const auto before = engine_->state();
  engine_->closing = true;
  {
    auto transaction = Transaction::begin(engine_->summing.connection());
    ASSERT_TRUE(transaction);
    const auto merged = sum_up(all_runs());
    ASSERT_FALSE(merged);
    EXPECT_EQ(merged.error().code, ErrorCode::kUnavailable) << merged.error().message();
  }
  write(20, 40);
  EXPECT_EQ(engine_->state()->position, 40U);
  EXPECT_EQ(engine_->state()->rolled.changes, before->rolled.changes);
}

TEST_F(TwoWriters, ACommitThatSeemedToFailIsFoundInTheFile) {
  open();
  write(0, 20);
  const std::lock_guard summing(engine_->summing.mutex);
  const std::lock_guard applying(engine_->applying.mutex);
  const auto before_ms = [](std::int64_t ms) { return [ms](State& state) { state.rolled.before_ms[1] = ms; }; };
  // Not in the file: forgotten.
  engine_->summing.pending = PendingEdit{before_ms(60'000)};
  engine_->distrust({ErrorCode::kIo, "commit", "store", "", ""});
  EXPECT_FALSE(engine_->is_trusted());
  ASSERT_TRUE(engine_->ready());
  EXPECT_EQ(engine_->state()->rolled.before_ms[1], 0);
  // In the file: taken over.
  engine_->summing.pending = PendingEdit{before_ms(120'000)};
  ASSERT_TRUE(engine_->summing.connection().run("UPDATE rolled SET changes = 1, rolled_before_1m = 120000", "test"));
  engine_->distrust({ErrorCode::kIo, "commit", "store", "", ""});
  ASSERT_TRUE(engine_->ready());
  EXPECT_EQ(engine_->state()->rolled.before_ms[1], 120'000);
  EXPECT_EQ(engine_->state()->rolled.changes, 1U);
  // Nobody here wrote this.
  ASSERT_TRUE(engine_->summing.connection().run("UPDATE rolled SET changes = 2", "test"));
  engine_->distrust({ErrorCode::kIo, "commit", "store", "", ""});
  const auto status = engine_->ready();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kCorrupt) << status.error().message();
}

TEST_F(TwoWriters, AFileOfFormat2IsBroughtToThisOne) {
  options_.keep = {};
  options_.tail_rows = 300;
  {
    const auto store = duckdb::open(file(), options_);
    ASSERT_TRUE(store);
    contract::apply_range(**store, history_, 0, 20);
    contract::apply_range(**store, history_, 20, 40);
    contract::apply_range(**store, history_, 40, 50);
  }
  {  // as format 2 had it: all in one table
    auto database = Database::open(file(), {});
    auto connection = Connection::open(*database);
    ASSERT_TRUE(connection->run(
        "CREATE TABLE was AS SELECT s.* REPLACE (2::BIGINT AS format, greatest(s.next_run, r.next_run) AS next_run), "
        "r.* EXCLUDE (changes, next_run) FROM state s, rolled r; DROP TABLE state; DROP TABLE rolled;"
        "ALTER TABLE was RENAME TO state",
        "test"));
  }
  SeededRandom random(1);
  for (const std::uint64_t up_to : {std::uint64_t{50}, std::uint64_t{60}}) {
    const auto store = duckdb::open(file(), options_);
    ASSERT_TRUE(store) << store.error().message();
    ASSERT_EQ((*store)->position().records, 50U);
    if (up_to > 50) {
      contract::apply_range(**store, history_, 50, up_to);
      contract::expect_true_answers(**store, history_, random, 5);
    }
  }
}

}  // namespace
}  // namespace gnomon::store::duckdb
