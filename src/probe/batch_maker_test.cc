#include "probe/batch_maker.h"

#include <gtest/gtest.h>

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/batch_codec.h"

namespace gnomon::probe {
namespace {

using namespace std::chrono_literals;

TEST(BatchMaker, BringsResultsWithOrWithoutWindows) {
  const auto key = crypto::PrivateKey::generate();
  const BatchHeader header{crypto::probe_id(key.public_key()), "p", "s", "r"};
  const WallTime created{1'700'000'030s};
  schema::AccessResult result;
  result.start = WallTime{1'700'000'000s};
  result.duration = 10s;
  result.method = "tcp";
  result.throughput = 0;
  Row row;
  row.label = std::make_shared<PathLabel>();
  row.window.start = WallTime{1'700'000'010s};
  row.window.duration = 10s;
  row.window.sent = row.window.lost = 5;
  const std::vector<Row> none, one{row};
  for (const auto& rows : {none, one}) {
    const MadeBatch made = make_batch(header, 3, rows, {}, v1::VantageHealth(), created, key, {&result, 1});
    const auto read = schema::read_signed_batch(std::as_bytes(std::span(made.signed_batch)));
    ASSERT_TRUE(read) << read.error().reason;
    EXPECT_EQ(read->content().access, std::vector{result});
    EXPECT_EQ(read->head().windows, rows.size());
    EXPECT_EQ(made.record.windows, rows.size());
    EXPECT_EQ(made.record.first_unix_ms, read->head().first_unix_ms);
    EXPECT_EQ(made.record.last_unix_ms, read->head().last_unix_ms);
  }
}

}  // namespace
}  // namespace gnomon::probe
