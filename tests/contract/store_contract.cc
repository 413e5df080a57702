#include "contract/store_contract.h"

#include <thread>

#include "contract/answers.h"

namespace gnomon::store::contract {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

WorkloadShape shape_of(std::size_t batches, Nanoseconds window = std::chrono::seconds(10)) {
  WorkloadShape shape;
  shape.batches = batches;
  shape.window = window;
  return shape;
}

std::uint64_t windows_in(Store& store, TimeRange range) {
  std::uint64_t windows = 0;
  for (const PathPoint& path : value_of(store.summaries({{}, range, kNoSketches}))) windows += path.point.windows;
  return windows;
}

TEST_P(StoreContract, AnEmptyStoreAnswersWithNothing) {
  const auto store = harness->open();
  EXPECT_EQ(store->position().records, 0U);
  EXPECT_TRUE(value_of(store->paths()).empty());
  EXPECT_TRUE(value_of(store->probes()).empty());
  EXPECT_TRUE(value_of(store->dropped()).empty());
  EXPECT_TRUE(value_of(store->latest({})).empty());
  const TimeRange range{WallTime{hours(1)}, WallTime{hours(2)}};
  EXPECT_TRUE(value_of(store->summaries({{}, range, kAllSketches})).empty());
  EXPECT_TRUE(value_of(store->access_results({.range = range})).empty());
  EXPECT_TRUE(value_of(store->newest_access_results({})).empty());
  EXPECT_TRUE(value_of(store->access_summaries({.range = range})).cuts.at(0).empty());
  const auto series = store->series({PathId{1}, range});
  ASSERT_FALSE(series);
  EXPECT_EQ(series.error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, EveryQueryAnswersLikeTheNaiveTwin) {
  for (const std::uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    // Windows of 10 s over some hours, and of 10 min over some weeks, so that every level and step is met.
    const History history(seed, shape_of(240, seed == 2 ? Nanoseconds(minutes(10)) : std::chrono::seconds(10)));
    const auto fresh = GetParam()();
    const auto store = fresh->open();
    SeededRandom random(seed);
    apply_all(*store, history, random, 20);
    expect_true_answers(*store, history, random, 25);
    ASSERT_TRUE(store->compact());
    expect_true_answers(*store, history, random, 10);
  }
}

TEST_P(StoreContract, ARangeIsAppliedExactlyOnce) {
  const History history(7, shape_of(60));
  SeededRandom random(7);
  auto store = harness->open();
  while (store->position().records < history.records()) {
    const std::uint64_t at = store->position().records;
    const std::uint64_t up_to = std::min(history.records(), at + 1 + random.next() % 9);
    apply_range(*store, history, at, up_to);
    // The same again, and a part of it, as after a crash before the caller noted its success.
    apply_range(*store, history, at, up_to);
    apply_range(*store, history, at - std::min<std::uint64_t>(at, 3), at);
    EXPECT_EQ(store->position().records, up_to);
    if (random.next() % 4 == 0) {
      store.reset();
      store = harness->open();
      EXPECT_EQ(store->position().records, up_to);
    }
  }
  EXPECT_EQ(store->windows_stored(), history.truth().all().size());
  expect_true_answers(*store, history, random, 10);
}

TEST_P(StoreContract, ARangeThatDoesNotFollowIsRefused) {
  const History history(8, shape_of(10));
  const auto store = harness->open();
  apply_range(*store, history, 0, 4);
  const auto gap = store->apply(history.batches().subspan(5, 2), {5}, {7});
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().code, ErrorCode::kConflict);
  const auto overlap = store->apply(history.batches().subspan(2, 4), {2}, {6});
  ASSERT_FALSE(overlap);
  EXPECT_EQ(store->position().records, 4U);
  apply_range(*store, history, 4, 10);
  EXPECT_EQ(store->windows_stored(), history.truth().all().size());
}

TEST_P(StoreContract, AStoreMadeAnewGivesEqualAnswers) {
  for (const std::uint64_t seed : {11, 12}) {
    const History history(seed, shape_of(200, seed == 12 ? Nanoseconds(minutes(3)) : std::chrono::seconds(10)));
    const auto fresh = GetParam()();
    SeededRandom random(seed);
    auto lived = fresh->open();
    while (lived->position().records < history.records()) {  // opened and closed along its way
      const std::uint64_t at = lived->position().records;
      apply_range(*lived, history, at, std::min(history.records(), at + 1 + random.next() % 15));
      if (random.next() % 6 != 0) continue;
      lived.reset();
      lived = fresh->open();
    }
    const auto anew = fresh->open_second();
    apply_range(*anew, history, 0, history.records());
    expect_equal_answers(*lived, *anew, history, random);
    const WallTime now = history.range().to;
    for (Store* store : {lived.get(), anew.get()}) {
      ASSERT_TRUE(store->set_retention(Level::kRaw, minutes(20)));
      ASSERT_TRUE(store->set_retention(Level::kMinute, hours(2)));
      ASSERT_TRUE(store->enforce_retention(now));
    }
    expect_equal_answers(*lived, *anew, history, random);
  }
}

TEST_P(StoreContract, PathsAndProbesSayWhatTheBatchesSaid) {
  const History history(21, shape_of(150));
  auto store = harness->open();
  SeededRandom random(21);
  apply_all(*store, history, random, 10);
  std::map<ProbeId, ProbeRecord> probes;
  std::map<PathId, PathFields> fields;
  std::vector<DroppedRange> dropped;
  for (const AppliedBatch& batch : history.batches()) {
    auto [at, is_new] =
        probes.try_emplace(batch.header.probe, ProbeRecord{batch.header, batch.header.received, 0, 0, 0});
    if (batch.header.sequence >= at->second.header.sequence) at->second.header = batch.header;
    ++at->second.batches;
    for (const PathFields& path : batch.paths.read()) fields[path.id] = path;
    dropped.insert(dropped.end(), batch.dropped.begin(), batch.dropped.end());
  }
  for (int pass = 0; pass < 2; ++pass) {
    const auto got = value_of(store->probes());
    ASSERT_EQ(got.size(), probes.size());
    for (const ProbeRecord& probe : got) {
      const ProbeRecord& want = probes.at(probe.header.probe);
      EXPECT_TRUE(probe.header == want.header);
      EXPECT_EQ(probe.batches, want.batches);
      EXPECT_TRUE(probe.first_seen == want.first_seen);
    }
    const auto paths = value_of(store->paths());
    ASSERT_EQ(paths.size(), fields.size());
    for (const PathRecord& path : paths) {
      EXPECT_TRUE(static_cast<const PathFields&>(path) == fields.at(path.id)) << to_string(path.id);
      WallTime last;
      for (const NaiveWindow& w : history.truth().all()) {
        if (w.path == path.id) last = std::max(last, w.window.start);
      }
      EXPECT_TRUE(path.last_seen == last) << to_string(path.id);
      const auto alone = value_of(store->path(path.id));
      ASSERT_TRUE(alone);
      EXPECT_TRUE(static_cast<const PathFields&>(*alone) == path) << to_string(path.id);
      EXPECT_TRUE(alone->probe == path.probe && alone->last_seen == last);
      const auto recent = value_of(store->recent_paths(path.last_seen, paths.size()));
      EXPECT_EQ(recent.size(), std::ranges::count_if(paths, [&](const auto& p) { return p.last_seen >= last; }));
      EXPECT_NE(std::ranges::find(recent, path.id, &PathRecord::id), recent.end());
    }
    EXPECT_FALSE(value_of(store->path(PathId{12345})));
    EXPECT_EQ(value_of(store->recent_paths({}, 3)).size(), 3U);
    EXPECT_FALSE(dropped.empty());
    EXPECT_TRUE(value_of(store->dropped()) == dropped);
    store.reset();  // and the same from disk
    store = harness->open();
  }
}

TEST_P(StoreContract, RetentionRemovesALevelAndCoarserOnesAnswerOn) {
  const History history(31, shape_of(1'200, std::chrono::seconds(10)));
  auto store = harness->open();
  SeededRandom random(31);
  apply_all(*store, history, random, 40);
  const TimeRange all{history.range().from, history.range().to};
  const std::uint64_t before = windows_in(*store, {all.from - hours(1), all.to + hours(1)});
  EXPECT_EQ(before, history.truth().all().size());

  const WallTime now = all.to;
  ASSERT_TRUE(store->set_retention(Level::kRaw, minutes(30)));
  ASSERT_TRUE(store->enforce_retention(now));
  EXPECT_EQ(windows_in(*store, {all.from - hours(1), all.to + hours(1)}), before);

  const auto use = value_of(store->storage());
  ASSERT_TRUE(use.levels[0].oldest);
  EXPECT_GE(*use.levels[0].oldest, now - minutes(30));
  EXPECT_EQ(use.levels[0].retention, std::optional<Nanoseconds>(minutes(30)));
  EXPECT_EQ(use.windows_stored, history.truth().all().size());

  // A short range from before: the minutes answer, as no raw window is left.
  const PathId path = history.paths()[0];
  const WallTime whole{std::chrono::floor<hours>(all.from.since_epoch) + hours(1)};
  const auto series = value_of(store->series({path, {whole, whole + minutes(10)}, 500}));
  EXPECT_EQ(series.level, Level::kMinute);
  const auto want = history.truth().merge({path}, {}, series.range, minutes(1), kAllSketches);
  ASSERT_EQ(series.points.size(), want.size());
  EXPECT_FALSE(want.empty());
  for (std::size_t i = 0; i < want.size(); ++i) expect_equal(series.points[i], want[i].point, "kept minute");

  store.reset();  // the settings last
  store = harness->open();
  EXPECT_EQ(value_of(store->storage()).levels[0].retention, std::optional<Nanoseconds>(minutes(30)));
  EXPECT_FALSE(store->set_retention(Level::kHour, Nanoseconds(0)));
}

TEST_P(StoreContract, AWindowOlderThanRetentionStillCountsInTheRollups) {
  WorkloadShape shape = shape_of(120);
  shape.late = 0;
  const History history(41, shape);
  const auto store = harness->open();
  apply_range(*store, history, 0, 60);
  ASSERT_TRUE(store->set_retention(Level::kRaw, minutes(1)));
  ASSERT_TRUE(store->enforce_retention(history.range().to + hours(5)));
  apply_range(*store, history, 60, history.records());  // all of it is older than what is kept
  ASSERT_TRUE(store->enforce_retention(history.range().to + hours(5)));
  EXPECT_EQ(value_of(store->storage()).levels[0].rows, 0U);
  EXPECT_EQ(windows_in(*store, {history.range().from - hours(1), history.range().to + hours(1)}),
            history.truth().all().size());
}

TEST_P(StoreContract, ReadersBesideTheWriterSeeOnlyWholeRanges) {
  WorkloadShape shape = shape_of(200);
  const History history(51, shape);
  const auto store = harness->open();
  constexpr std::uint64_t kRange = 5;
  std::set<std::uint64_t> totals = {0};
  std::uint64_t total = 0;
  std::vector<std::uint64_t> of_record(history.records());
  for (const NaiveWindow& w : history.truth().all()) ++of_record[w.record];
  for (std::uint64_t r = 0; r < history.records(); ++r) {
    total += of_record[r];
    if ((r + 1) % kRange == 0 || r + 1 == history.records()) totals.insert(total);
  }
  std::atomic<bool> done = false;
  std::atomic<int> looks = 0;
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      std::uint64_t last = 0;
      for (bool finished = false; !finished; ++looks) {
        finished = done;
        const TimeRange range{history.range().from - hours(1), history.range().to + hours(1)};
        const std::uint64_t seen = windows_in(*store, range);
        EXPECT_TRUE(totals.contains(seen)) << seen;
        EXPECT_GE(seen, last);
        last = seen;
      }
      EXPECT_EQ(last, history.truth().all().size());
    });
  }
  for (std::uint64_t at = 0; at < history.records(); at += kRange) {
    apply_range(*store, history, at, std::min(at + kRange, history.records()));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_GE(looks, 4);
}

TEST_P(StoreContract, WrongRangesAreRefusedWithAReason) {
  const History history(61, shape_of(3));
  const auto store = harness->open();
  apply_range(*store, history, 0, 3);
  const PathId path = history.paths()[0];
  const WallTime t = history.range().from;
  for (const TimeRange range : {TimeRange{t, t}, TimeRange{t + hours(1), t}, TimeRange{t - hours(24 * 365 * 80), t}}) {
    const auto answer = store->series({path, range});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument);
    EXPECT_FALSE(store->summaries({{}, range, kNoSketches}));
    EXPECT_FALSE(store->access_results({.range = range}));
    EXPECT_FALSE(store->access_summaries({.range = range}));
  }
  EXPECT_FALSE(store->series({path, {t, t + hours(1)}, 0}));
  EXPECT_FALSE(store->groups({{{path, 0}}, {t, t + hours(1)}, std::chrono::seconds(7), kNoSketches}));
}

TEST_P(StoreContract, TestsOfAccessNetworksCountOnceAndOutliveACrash) {
  WorkloadShape shape = shape_of(90);
  shape.tests = 0.9;
  const History history(81, shape);
  const auto& all = history.truth().all_tests();
  const TimeRange range{history.range().from, history.range().to + hours(1)};
  auto store = harness->open();
  SeededRandom random(81);
  while (store->position().records < history.records()) {
    const std::uint64_t at = store->position().records;
    const std::uint64_t up_to = std::min(history.records(), at + 1 + random.next() % 9);
    apply_range(*store, history, at, up_to);
    apply_range(*store, history, at, up_to);  // again, as after a crash before the caller noted its success
    if (random.next() % 4 != 0) continue;
    store.reset();
    store = harness->open();
  }
  ASSERT_GT(all.size(), 100U);
  EXPECT_EQ(value_of(store->access_results({.range = range, .limit = 10'000})).size(), all.size());
  const std::string server = all.front().result.target_site;
  const auto served = std::ranges::count_if(
      all, [&](const AccessRow& one) { return one.site == server || one.result.target_site == server; });
  EXPECT_EQ(value_of(store->access_results({.range = range, .either_site = server, .limit = 10'000})).size(),
            static_cast<std::size_t>(served));
  // A text is a text, whatever stands in it.
  EXPECT_TRUE(value_of(store->access_results({.range = range, .site = "' OR ''='"})).empty());
  EXPECT_FALSE(store->access_results({.range = range, .limit = 0}));
  EXPECT_FALSE(store->access_results({.range = range, .limit = 10'001}));
}

TEST_P(StoreContract, TestsOfAccessNetworksAreKeptAsLongAsDays) {
  WorkloadShape shape = shape_of(120);
  shape.tests = 0.9;
  const History history(82, shape);
  const auto store = harness->open();
  apply_range(*store, history, 0, history.records());
  const WallTime now = history.range().to;
  const TimeRange all{history.range().from, now + hours(1)};
  ASSERT_TRUE(store->set_retention(Level::kRaw, minutes(1)));
  ASSERT_TRUE(store->enforce_retention(now));
  EXPECT_EQ(value_of(store->access_results({.range = all, .limit = 10'000})).size(),
            history.truth().all_tests().size());
  ASSERT_TRUE(store->set_retention(Level::kDay, minutes(10)));
  ASSERT_TRUE(store->enforce_retention(now));
  const AccessQuery kept{.range = {now - minutes(10), all.to}, .limit = 10'000};
  const auto want = history.truth().access_results(kept);
  EXPECT_GT(want.size(), 0U);
  EXPECT_LT(want.size(), history.truth().all_tests().size());
  EXPECT_TRUE(value_of(store->access_results({.range = all, .limit = 10'000})) == want);
}

TEST_P(StoreContract, StorageCountsRowsOfEveryLevel) {
  const History history(71, shape_of(120));
  const auto store = harness->open();
  apply_range(*store, history, 0, history.records());
  ASSERT_TRUE(store->compact());
  const auto use = value_of(store->storage());
  EXPECT_EQ(use.levels[0].rows, history.truth().all().size());
  std::set<std::pair<PathId, std::int64_t>> minutes_met;
  WallTime oldest = history.range().to;
  for (const NaiveWindow& w : history.truth().all()) {
    minutes_met.emplace(w.path, w.window.start.since_epoch / minutes(1));
    oldest = std::min(oldest, w.window.start);
  }
  EXPECT_GE(use.levels[1].rows, minutes_met.size());  // a late window may add a second row to its minute
  EXPECT_LT(use.levels[1].rows, use.levels[0].rows);
  EXPECT_GT(use.levels[3].rows, 0U);
  EXPECT_TRUE(use.levels[0].oldest == oldest);
  EXPECT_GT(use.file_bytes, 0U);
  for (const LevelUse& level : use.levels) EXPECT_GT(level.bytes, 0U) << static_cast<int>(level.level);
}

}  // namespace
}  // namespace gnomon::store::contract
