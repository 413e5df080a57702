#include "store/duckdb/access_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "store/duckdb/test_folder.h"

namespace gnomon::store::duckdb {
namespace {

using namespace std::chrono_literals;

schema::AccessResult example() {
  schema::AccessResult r;
  r.start = WallTime{1'750'000'000s};
  r.method = "tcp";
  r.streams = 4;
  r.throughput = 0;
  r.queue = 47ms;
  r.evidence = {{"busy_ratio", 0.1, ""}, {"queue", -4.7e7, "ns"}, {"", 1e300, "of 'their' own"}};
  r.software = "gnomon 0.1.0";
  return r;
}

Tail tail_of(std::uint64_t record, const schema::AccessResult& result) {
  AppliedBatch batch;
  batch.record = record;
  batch.access = {&result, 1};
  auto chunk = std::make_shared<TailChunk>();
  chunk->add(batch, {}, 0, kEndUnixMs);
  chunk->close();
  return {chunk};
}

class AccessTable : public testing::Test {
 protected:
  void run(const std::string& sql) {
    const auto status = connection_.run(sql, "test");
    ASSERT_TRUE(status) << status.error().message();
  }
  std::vector<AccessRow> rows() {
    auto found = connection_.query("SELECT " + access_columns_sql() + " FROM access_result ORDER BY record", "test");
    std::vector<AccessRow> list;
    while (found && found->next().value_or(false)) {
      for (std::size_t i = 0; i < found->size(); ++i) list.push_back(read_access_row(*found, i));
    }
    return list;
  }
  TestFolder folder_;
  Connection connection_ = *Connection::open(*Database::open(folder_.path() / "t.duckdb", {}));
};

TEST_F(AccessTable, GivesBackWhatItGotToTheBit) {
  ASSERT_TRUE(prepare_access_table(connection_));
  ASSERT_TRUE(append_access(connection_, tail_of(0, example())));
  ASSERT_EQ(rows().size(), 1U);
  EXPECT_EQ(rows()[0].result, example());
}

TEST_F(AccessTable, OfAnOlderProgramGetsTheColumnsThatItLacks) {
  ASSERT_TRUE(prepare_access_table(connection_));
  ASSERT_TRUE(append_access(connection_, tail_of(0, example())));
  for (const char* column : {"streams", "queue", "software", "evidence"}) {
    run(fmt::format("ALTER TABLE access_result DROP COLUMN {}", column));
  }
  ASSERT_TRUE(prepare_access_table(connection_));
  ASSERT_TRUE(prepare_access_table(connection_));  // nothing is left to do
  ASSERT_TRUE(append_access(connection_, tail_of(1, example())));
  schema::AccessResult before = example();
  before.streams = 0;
  before.queue.reset();
  before.software.clear();
  before.evidence.clear();
  ASSERT_EQ(rows().size(), 2U);
  EXPECT_EQ(rows()[0].result, before);
  EXPECT_EQ(rows()[1].result, example());
}

TEST_F(AccessTable, ForgetsWhatBeganEarlier) {
  ASSERT_TRUE(prepare_access_table(connection_));
  ASSERT_TRUE(append_access(connection_, tail_of(0, example())));
  EXPECT_EQ(remove_access(connection_, 1'750'000'000'000).value_or(-1), 0);
  EXPECT_EQ(remove_access(connection_, 1'750'000'000'001).value_or(-1), 1);
  EXPECT_TRUE(rows().empty());
}

}  // namespace
}  // namespace gnomon::store::duckdb
