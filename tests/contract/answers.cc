#include "contract/answers.h"

namespace gnomon::store::contract {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

TimeRange random_range(const History& history, Random& random) {
  const Nanoseconds length = history.range().to - history.range().from + hours(2);
  const auto at = [&] {
    return history.range().from - hours(1) + Nanoseconds(static_cast<std::int64_t>(random.uniform() * length.count()));
  };
  WallTime a = at(), b = at();
  if (b < a) std::swap(a, b);
  // Queries come in whole milliseconds, as windows do.
  const auto whole = [](WallTime t) { return WallTime{std::chrono::floor<std::chrono::milliseconds>(t.since_epoch)}; };
  return {whole(a), whole(b) + std::chrono::milliseconds(1)};
}

std::vector<PathId> random_paths(const History& history, Random& random) {
  std::vector<PathId> some;
  for (const PathId id : history.paths()) {
    if (random.next() % 2 == 0) some.push_back(id);
  }
  return some;
}

Point only_packets(const Point& all) {
  Point p;
  p.start = all.start;
  p.span = all.span;
  p.measured = all.measured;
  p.windows = all.windows;
  p.sent = all.sent;
  p.received = all.received;
  p.lost = all.lost;
  p.rtt = all.rtt;
  p.forward = all.forward;
  p.backward = all.backward;
  p.ipdv = all.ipdv;
  return p;
}

void expect_true_series(Store& store, const History& history, Random& random) {
  const auto paths = history.paths();
  SeriesQuery query{.path = paths[random.next() % paths.size()],
                    .range = random_range(history, random),
                    .max_points = 1 + random.next() % 600,
                    .level = std::nullopt,
                    .sketches = static_cast<unsigned>(random.next() % 16)};
  if (random.next() % 3 == 0) query.level = static_cast<Level>(random.next() % kLevels);
  const SeriesAnswer answer = value_of(store.series(query));
  EXPECT_LE(answer.points.size(), query.max_points);
  if (query.level) {
    EXPECT_EQ(answer.level, *query.level);
  }
  std::vector<Point> want;
  if (answer.step == Nanoseconds(0)) {
    for (auto& [id, point] : history.truth().windows({query.path}, query.range, 0, query.sketches))
      want.push_back(point);
  } else {
    for (auto& [group, point] : history.truth().merge({query.path}, {}, answer.range, answer.step, query.sketches)) {
      want.push_back(point);
    }
  }
  ASSERT_EQ(answer.points.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i)
    expect_equal(answer.points[i], want[i], fmt::format("series point {}", i));
}

void expect_true_summaries(Store& store, const History& history, Random& random) {
  SummaryQuery query{.paths = random_paths(history, random), .range = random_range(history, random)};
  if (random.next() % 2 == 0) query.range.to = query.range.from + minutes(1 + random.next() % 14);
  const auto answer = value_of(store.summaries(query));
  std::set<PathId> chosen(query.paths.begin(), query.paths.end());
  std::map<PathId, std::uint32_t> own_group;
  std::vector<PathId> ids = history.paths();
  for (std::size_t i = 0; i < ids.size(); ++i) own_group[ids[i]] = static_cast<std::uint32_t>(i);
  TimeRange range = query.range;
  if (!answer.empty()) range = {answer[0].point.start, answer[0].point.start + answer[0].point.span};
  EXPECT_LE(range.from, query.range.from);
  EXPECT_GE(range.to, query.range.to);
  const auto want = history.truth().merge(chosen, own_group, range, Nanoseconds(0), query.sketches);
  ASSERT_EQ(answer.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(answer[i].path, ids[want[i].group]);
    expect_equal(answer[i].point, want[i].point, fmt::format("summary {}", i));
  }
}

void expect_true_groups(Store& store, const History& history, Random& random) {
  GroupQuery query{.paths = {}, .range = random_range(history, random), .step = {}, .sketches = kRtt | kIpdv};
  constexpr Nanoseconds kSteps[] = {minutes(1), minutes(7), hours(1), hours(3), hours(24)};
  query.step = kSteps[random.next() % std::size(kSteps)];
  if (random.next() % 2 == 0) query.numbers = Numbers::kPackets;
  std::map<PathId, std::uint32_t> group_of;
  std::set<PathId> chosen;
  for (const PathId id : random_paths(history, random)) {
    group_of[id] = static_cast<std::uint32_t>(random.next() % 3);
    chosen.insert(id);
    query.paths.push_back({id, group_of[id]});
  }
  const auto answer = value_of(store.groups(query));
  if (chosen.empty()) {
    EXPECT_TRUE(answer.empty());
    return;
  }
  const auto down = [&](WallTime t) { return WallTime{t.since_epoch - t.since_epoch % query.step}; };
  const TimeRange range{down(query.range.from), down(query.range.to + (query.step - Nanoseconds(1)))};
  const auto want = history.truth().merge(chosen, group_of, range, query.step, query.sketches);
  ASSERT_EQ(answer.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(answer[i].group, want[i].group);
    const auto what = fmt::format("group point {}", i);
    if (query.numbers == Numbers::kAll) {
      expect_equal(answer[i].point, want[i].point, what);
    } else {
      expect_equal(only_packets(answer[i].point), only_packets(want[i].point), what);
    }
  }
}

void expect_true_latest(Store& store, const History& history, Random& random) {
  LatestQuery query{random_range(history, random).from, {}};
  if (random.next() % 2 == 0) query.paths = random_paths(history, random);
  const auto answer = value_of(store.latest(query));
  const std::set<PathId> chosen(query.paths.begin(), query.paths.end());
  const auto want = history.truth().windows(chosen, {query.since, history.range().to}, 0, kNoSketches);
  ASSERT_EQ(answer.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(answer[i].path, want[i].path);
    expect_equal(answer[i].point, want[i].point, fmt::format("latest {}", i));
  }
}

void expect_true_access(Store& store, const History& history, Random& random) {
  const NaiveStore& truth = history.truth();
  AccessQuery query{.range = random_range(history, random), .limit = 1 + random.next() % 40};
  if (!truth.all_tests().empty()) {
    const AccessRow& one = truth.all_tests()[random.next() % truth.all_tests().size()];
    if (random.next() % 3 == 0) query.probe = one.probe;
    if (random.next() % 3 == 0) query.site = one.site;
  }
  EXPECT_TRUE(value_of(store.access_results(query)) == truth.access_results(query)) << "access results";
  EXPECT_TRUE(value_of(store.newest_access_results(query.range.from)) == truth.newest_access_results(query.range.from))
      << "newest access results";
  AccessSummaryQuery summary{.range = query.range, .cuts = {}, .site = query.site};
  summary.utc_offset = minutes(static_cast<int>(random.next() % 1'500) - 720);
  for (std::uint64_t cuts = random.next() % 4; cuts > 0; --cuts) {
    summary.cuts.push_back({static_cast<AccessSlot>(random.next() % 3), random.next() % 2 == 0});
  }
  const AccessSummaries summaries = value_of(store.access_summaries(summary));
  EXPECT_TRUE(summaries.cuts == truth.access_summaries(summary).cuts) << "access summaries";
  EXPECT_EQ(summaries.disturbed, truth.disturbed_tests(query.range)) << "disturbed tests beside the summaries";
  EXPECT_EQ(value_of(store.disturbed_tests(query.range)), truth.disturbed_tests(query.range)) << "disturbed tests";
}

void expect_equal_lists(Store& a, Store& b) {
  const auto paths_a = value_of(a.paths()), paths_b = value_of(b.paths());
  ASSERT_EQ(paths_a.size(), paths_b.size());
  for (std::size_t i = 0; i < paths_a.size(); ++i) {
    EXPECT_TRUE(static_cast<const PathFields&>(paths_a[i]) == paths_b[i]) << i;
    EXPECT_EQ(paths_a[i].source_site, paths_b[i].source_site);
    EXPECT_EQ(paths_a[i].probe, paths_b[i].probe);
    EXPECT_TRUE(paths_a[i].first_seen == paths_b[i].first_seen) << i;
    EXPECT_TRUE(paths_a[i].last_seen == paths_b[i].last_seen) << i;
  }
  const auto probes_a = value_of(a.probes()), probes_b = value_of(b.probes());
  ASSERT_EQ(probes_a.size(), probes_b.size());
  for (std::size_t i = 0; i < probes_a.size(); ++i) {
    EXPECT_TRUE(probes_a[i].header == probes_b[i].header) << i;
    EXPECT_TRUE(probes_a[i].first_seen == probes_b[i].first_seen) << i;
    EXPECT_EQ(probes_a[i].batches, probes_b[i].batches);
    EXPECT_EQ(probes_a[i].windows, probes_b[i].windows);
    EXPECT_EQ(probes_a[i].dropped_windows, probes_b[i].dropped_windows);
  }
  EXPECT_TRUE(value_of(a.dropped()) == value_of(b.dropped()));
  EXPECT_EQ(a.position(), b.position());
  EXPECT_EQ(a.windows_stored(), b.windows_stored());
}

void expect_equal_points(const std::vector<Point>& a, const std::vector<Point>& b, const std::string& what) {
  ASSERT_EQ(a.size(), b.size()) << what;
  for (std::size_t i = 0; i < a.size(); ++i) expect_equal(a[i], b[i], fmt::format("{} {}", what, i));
}

std::vector<Point> points_of(const auto& rows) {
  std::vector<Point> points;
  for (const auto& row : rows) points.push_back(row.point);
  return points;
}

}  // namespace

void apply_range(Store& store, const History& history, std::uint64_t from, std::uint64_t up_to) {
  const auto status = store.apply(history.batches().subspan(from, up_to - from), {from}, {up_to});
  ASSERT_TRUE(status) << status.error().message();
}

void apply_all(Store& store, const History& history, Random& random, std::uint64_t longest) {
  while (store.position().records < history.records()) {
    const std::uint64_t from = store.position().records;
    apply_range(store, history, from, std::min(history.records(), from + 1 + random.next() % longest));
  }
}

void expect_true_answers(Store& store, const History& history, Random& random, int rounds) {
  for (int round = 0; round < rounds && !testing::Test::HasFatalFailure(); ++round) {
    SCOPED_TRACE(fmt::format("round {}", round));
    expect_true_series(store, history, random);
    expect_true_summaries(store, history, random);
    expect_true_groups(store, history, random);
    expect_true_latest(store, history, random);
    expect_true_access(store, history, random);
  }
}

void expect_equal_answers(Store& a, Store& b, const History& history, Random& random) {
  expect_equal_lists(a, b);
  for (int round = 0; round < 10 && !testing::Test::HasFatalFailure(); ++round) {
    const TimeRange range = random_range(history, random);
    for (const PathId path : history.paths()) {
      const SeriesQuery query{path, range, 1 + random.next() % 300, std::nullopt, kAllSketches};
      const auto of_a = value_of(a.series(query)), of_b = value_of(b.series(query));
      EXPECT_EQ(of_a.level, of_b.level);
      EXPECT_EQ(of_a.step, of_b.step);
      expect_equal_points(of_a.points, of_b.points, "series");
    }
    expect_equal_points(points_of(value_of(a.summaries({{}, range, kAllSketches}))),
                        points_of(value_of(b.summaries({{}, range, kAllSketches}))), "summaries");
    EXPECT_TRUE(value_of(a.access_results({.range = range})) == value_of(b.access_results({.range = range})));
    EXPECT_TRUE(value_of(a.newest_access_results(range.from)) == value_of(b.newest_access_results(range.from)));
    EXPECT_TRUE(value_of(a.access_summaries({.range = range})).cuts ==
                value_of(b.access_summaries({.range = range})).cuts);
    expect_equal_points(points_of(value_of(a.latest({range.from, {}}))),
                        points_of(value_of(b.latest({range.from, {}}))), "latest");
    GroupQuery groups{{}, range, hours(1), kAllSketches};
    for (const PathId path : history.paths())
      groups.paths.push_back({path, static_cast<std::uint32_t>(path.value % 2)});
    expect_equal_points(points_of(value_of(a.groups(groups))), points_of(value_of(b.groups(groups))), "groups");
  }
}

}  // namespace gnomon::store::contract
