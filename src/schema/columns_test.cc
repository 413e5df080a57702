#include "schema/columns.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "schema/json.h"
#include "schema/names.h"
#include "schema/schema_doc.h"
#include "schema/unknown.h"

namespace gnomon::schema {
namespace {

using namespace std::chrono_literals;

TEST(Columns, SayWhatEachMeans) {
  std::set<std::string_view> names;
  for (const Column& column : delay_columns()) {
    EXPECT_FALSE(column.doc.empty()) << column.name << " needs (column) options in the .proto";
    EXPECT_TRUE(names.insert(column.name).second);
  }
  EXPECT_GE(names.size(), 30U);
}

TEST(Columns, UnknownValuesAreThoseOfTheCode) {
  EXPECT_EQ(delay_columns()[*delay_column("rtt_min")].unknown, kUnknownRoundTrip);
  EXPECT_EQ(delay_columns()[*delay_column("forward_min")].unknown, kUnknownOneWay);
  EXPECT_EQ(delay_columns()[*delay_column("lost_backward")].unknown, kUnknownCount);
  EXPECT_EQ(delay_columns()[*delay_column("clock_bound")].unknown, kUnknownBound);
  EXPECT_FALSE(delay_columns()[*delay_column("sent")].nullable());
  EXPECT_FALSE(delay_column("no_such_column"));
}

TEST(Columns, BecomeTables) {
  EXPECT_EQ(duckdb_ddl(delay_columns()[*delay_column("sent")]), "sent UINTEGER NOT NULL");
  EXPECT_EQ(duckdb_ddl(delay_columns()[*delay_column("rtt_min")]), "rtt_min BIGINT");
  EXPECT_EQ(duckdb_ddl(delay_columns()[*delay_column("outcome")]), "outcome UTINYINT NOT NULL");
  EXPECT_EQ(duckdb_ddl(delay_columns()[*delay_column("rtt")]),
            "rtt_number SMALLINT[] NOT NULL, rtt_count UINTEGER[] NOT NULL");
}

TEST(Columns, BecomeMetricNamesInBaseUnits) {
  EXPECT_EQ(openmetrics_name(delay_columns()[*delay_column("rtt_min")]), "gnomon_delay_rtt_min_seconds");
  EXPECT_EQ(openmetrics_name(delay_columns()[*delay_column("duration_ms")]), "gnomon_delay_duration_seconds");
  EXPECT_EQ(openmetrics_name(delay_columns()[*delay_column("lost")]), "gnomon_delay_lost_packets");
}

TEST(Names, HaveAWordForEveryEnumerationValueOfTheSchema) {
  for (const EnumValue& value : delay_columns()[*delay_column("outcome")].values) {
    EXPECT_EQ(to_string(static_cast<Outcome>(value.number)) == "unspecified", value.number == 0) << value.name;
  }
  for (const EnumValue& value : delay_columns()[*delay_column("timestamp_source")].values) {
    EXPECT_EQ(to_string(static_cast<TimestampSource>(value.number)) == "unspecified", value.number == 0) << value.name;
  }
}

TEST(Json, WritesNumbersWordsAndNulls) {
  DelayWindow w;
  w.start = WallTime{1'700'000'000s};
  w.duration = 10s;
  w.outcome = Outcome::kAnswered;
  w.sent = 2;
  w.received = 1;
  w.lost = 1;
  w.rtt_min = w.rtt_mean = w.rtt_max = 0ns;
  w.rtt.add(0ns);
  const std::string text = to_json(w);
  EXPECT_NE(text.find(R"({"start_ms":1700000000000,"duration_ms":10000,"outcome":"answered")"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"("rtt_min":0,)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("forward_min":null,)"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("rtt":{"number":[0],"count":[1]})"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(R"("ipdv":{"number":[],"count":[]}})")) << text;
}

TEST(SchemaPage, IsFresh) {
  std::ifstream file(GNOMON_SOURCE_DIR "/docs/reference/schema.md", std::ios::binary);
  const std::string page{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(page, schema_page()) << "run: gnomon-schema-doc docs/reference/schema.md";
}

}  // namespace
}  // namespace gnomon::schema
