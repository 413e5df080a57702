// What other tools read from the file is what the store answers.

#include <gtest/gtest.h>

#include "contract/answers.h"
#include "store/duckdb/connection.h"
#include "store/duckdb/test_folder.h"

namespace gnomon::store::duckdb {
namespace {

using Counts = std::map<std::int64_t, std::uint64_t>;

Counts counts_by_sql(Connection& connection, const std::string& view, const std::string& sketch) {
  auto rows = connection.query(fmt::format("SELECT CAST(number AS BIGINT), CAST(sum(packets) AS BIGINT) FROM (SELECT "
                                           "unnest({1}_number) AS number, unnest({1}_count) AS packets FROM {0}) "
                                           "GROUP BY ALL",
                                           view, sketch),
                               "test");
  Counts counts;
  if (!rows) {
    ADD_FAILURE() << rows.error().message();
    return counts;
  }
  while (rows->next().value_or(false)) {
    for (std::size_t i = 0; i < rows->size(); ++i) counts[rows->integer(0, i)] = rows->natural(1, i);
  }
  return counts;
}

Counts counts_of(const DelaySketch& sketch) {
  Counts counts;
  for (const auto& bucket : sketch.buckets()) counts[bucket.number] = bucket.count;
  return counts;
}

TEST(DuckdbViews, ShowTheBucketsAndNumbersOfTheStore) {
  const TestFolder folder;
  const auto file = folder.path() / "t.duckdb";
  contract::WorkloadShape shape;
  shape.batches = 40;
  const contract::History history(5, shape);
  Point all;
  {
    Options options;
    options.keep = {};
    const auto store = open(file, options);
    ASSERT_TRUE(store);
    contract::apply_range(**store, history, 0, history.records());
    GroupQuery query{{}, {history.range().from - std::chrono::hours(24), history.range().to + std::chrono::hours(24)}};
    query.sketches = kAllSketches;
    for (const PathId path : history.paths()) query.paths.push_back({path, 0});
    const auto points = contract::value_of((*store)->groups(query));
    ASSERT_EQ(points.size(), 1U);
    all = points[0].point;
    ASSERT_TRUE((*store)->compact());
  }
  auto database = Database::open(file, {});
  ASSERT_TRUE(database);
  auto connection = Connection::open(*database);
  ASSERT_FALSE(all.rtt.empty());
  ASSERT_FALSE(all.ipdv.empty());
  for (const std::string view : {"window_raw", "window_1m", "window_1h", "window_1d"}) {
    SCOPED_TRACE(view);
    EXPECT_EQ(counts_by_sql(*connection, view, "rtt"), counts_of(all.rtt));
    EXPECT_EQ(counts_by_sql(*connection, view, "forward"), counts_of(all.forward));
    EXPECT_EQ(counts_by_sql(*connection, view, "backward"), counts_of(all.backward));
    EXPECT_EQ(counts_by_sql(*connection, view, "ipdv"), counts_of(all.ipdv));
    EXPECT_EQ(*connection->number("SELECT max(rtt_max) FROM " + view, "test"), all.rtt_max->count());
    EXPECT_EQ(*connection->number("SELECT max(clock_bound) FROM " + view, "test"),
              all.clock_bound.value_or(Nanoseconds(0)).count());
  }
}

}  // namespace
}  // namespace gnomon::store::duckdb
