#include "server/visitor_tests.h"

#include <gtest/gtest.h>

#include "schema/batch_codec.h"
#include "server/address_prefix.h"

namespace gnomon::server {
namespace {

using methods::ndt7::RunEnd;
using methods::ndt7::RunResult;
using schema::AccessNetwork;
using schema::AccessOutcome;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Holds batches in memory, as the journal would.
class BookForTest final : public VisitorBook {
 public:
  [[nodiscard]] std::uint64_t newest_sequence(const ProbeId&) const override { return before; }
  Result<std::uint64_t> keep(const std::string& signed_batch) override {
    if (is_full) return failure(ErrorCode::kExhausted, "append", "", "the disk is full");
    auto read = schema::read_signed_batch(std::as_bytes(std::span(signed_batch)));
    EXPECT_TRUE(read.has_value());
    batches.push_back(std::move(*read));
    return batches.size() - 1;
  }
  Result<std::uint64_t> find(const ProbeId&, WallTime start, const std::string& plan_item) override {
    for (std::size_t i = 0; i < batches.size(); ++i) {
      const auto& first = batches[i].content().access.front();
      if (first.start == start && first.plan_item == plan_item) return i;
    }
    return failure(ErrorCode::kNotFound, "find", "", "none");
  }
  std::uint64_t before = 0;
  bool is_full = false;
  std::vector<schema::VerifiedBatch> batches;
};

// What the server saw of a download of ten seconds, or of `length`.
RunResult run_of(schema::Direction direction, Nanoseconds length = seconds(10)) {
  RunResult run;
  run.transfer.direction = direction;
  run.peer_endpoint = "192.0.2.77:5001";
  for (int i = 1; i <= 100; ++i) {
    schema::TransferSample sample;
    sample.at = length * i / 100;
    sample.received_bytes = static_cast<std::uint64_t>(i) * 1'250'000;
    run.transfer.samples.push_back(sample);
  }
  run.bytes = 125'000'000;
  run.elapsed = length;
  run.idle_rtt = milliseconds(7);
  return run;
}

class VisitorTestsTest : public testing::Test {
 protected:
  void make(VisitorOptions options = {}) {
    options.background = false;
    options.server_name = "speed.example";
    tests_ = std::make_unique<VisitorTests>(book_, crypto::PrivateKey::generate(), clock_, random_, options);
  }
  void run(const std::string& ticket, schema::Direction direction, std::string_view address = "192.0.2.77") {
    const auto test = tests_->begin(ticket, address);
    tests_->ended(*test, run_of(direction));
  }
  Result<VisitorTests::Kept> finish(VisitorWord word) {
    Result<VisitorTests::Kept> out = failure(ErrorCode::kIo, "", "", "not told");
    tests_->finish(std::move(word), [&](auto kept) { out = std::move(kept); });
    return out;
  }
  BookForTest book_;
  ManualClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<VisitorTests> tests_;
};

TEST_F(VisitorTestsTest, OneTicketMakesOneSignedBatchOfTheServersOwnFigures) {
  book_.before = 41;
  make();
  run("t", schema::Direction::kDown);
  run("t", schema::Direction::kUp);
  EXPECT_TRUE(book_.batches.empty());
  VisitorWord word{"t", AccessNetwork::kWifi, {{schema::AccessDirection::kDown, 4, 9e9, 5e6, 6e6}}};
  const auto kept = finish(word);
  ASSERT_TRUE(kept) << kept.error().message();
  ASSERT_EQ(book_.batches.size(), 1U);
  const auto& batch = book_.batches[0];
  EXPECT_EQ(batch.head().sequence, 42U);
  EXPECT_EQ(batch.head().probe, tests_->identity());
  const auto& results = batch.content().access;
  ASSERT_EQ(results.size(), 2U);
  EXPECT_EQ(results[0].throughput, 100'000'000U) << "not the nine gigabits that the browser claims";
  EXPECT_EQ(results[0].idle_p50, milliseconds(7));
  EXPECT_EQ(results[0].network, AccessNetwork::kWifi);
  EXPECT_EQ(results[0].outcome, AccessOutcome::kDone);
  EXPECT_EQ(results[0].family, 4U);
  EXPECT_EQ(results[0].target, "speed.example");
  EXPECT_EQ(results[1].direction, schema::AccessDirection::kUp);
  const auto claim = std::ranges::find(results[0].evidence, "client_says_throughput", &schema::AccessEvidence::name);
  ASSERT_NE(claim, results[0].evidence.end());
  EXPECT_EQ(claim->value, 9e9);
  EXPECT_EQ(tests_->record_of(kept->id).value(), 0U);
}

// Nothing in the batch's bytes tells whose test it was, nor how to make its link.
TEST_F(VisitorTestsTest, NeitherAddressNorLinkIsInWhatIsKept) {
  make();
  run("t", schema::Direction::kDown);
  const auto kept = finish({"t", {}, {}}).value();
  const auto& result = book_.batches[0].content().access[0];
  EXPECT_EQ(schema::encode(result).find("192.0.2"), std::string::npos);
  EXPECT_TRUE(result.address.empty());
  EXPECT_EQ(result.plan_item.find(kept.id.substr(12)), std::string::npos);
}

TEST_F(VisitorTestsTest, IdsCannotBeGuessedAndAreFoundWithoutMemory) {
  make();
  run("t", schema::Direction::kDown);
  const auto kept = finish({"t", {}, {}}).value();
  EXPECT_EQ(kept.id.size(), 44U);
  std::string other = kept.id;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_EQ(tests_->record_of(other).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(tests_->record_of("../../etc").error().code, ErrorCode::kNotFound);
  make();  // another run of the program: only the book knows
  EXPECT_EQ(tests_->record_of(kept.id).value(), 0U);
}

TEST_F(VisitorTestsTest, OnlyTestsThatRanAreKeptAndOnlyOnce) {
  make();
  EXPECT_EQ(finish({"forged", {}, {}}).error().code, ErrorCode::kNotFound);
  run("t", schema::Direction::kDown);
  EXPECT_TRUE(finish({"t", {}, {}}));
  EXPECT_EQ(finish({"t", {}, {}}).error().code, ErrorCode::kNotFound);
  { const auto never_began = tests_->begin("u", "192.0.2.1"); }
  EXPECT_EQ(finish({"u", {}, {}}).error().code, ErrorCode::kNotFound);
  const auto short_one = tests_->begin("v", "192.0.2.1");
  tests_->ended(*short_one, run_of(schema::Direction::kDown, milliseconds(900)));
  EXPECT_EQ(finish({"v", {}, {}}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(book_.batches.size(), 1U);
}

TEST_F(VisitorTestsTest, APageThatIsQuickerThanTheTestsEndWaitsForIt) {
  make();
  const auto test = tests_->begin("t", "192.0.2.1");
  std::optional<Result<VisitorTests::Kept>> told;
  tests_->finish({"t", AccessNetwork::k5g, {}}, [&](auto kept) { told = std::move(kept); });
  EXPECT_FALSE(told);
  EXPECT_EQ(finish({"t", {}, {}}).error().code, ErrorCode::kConflict);
  tests_->ended(*test, run_of(schema::Direction::kDown));
  ASSERT_TRUE(told && told->has_value());
  EXPECT_EQ(book_.batches[0].content().access[0].network, AccessNetwork::k5g);
}

TEST_F(VisitorTestsTest, WithoutAPageTheServersFiguresAreKeptAlone) {
  make();
  run("", schema::Direction::kDown);  // M-Lab's clients have no ticket
  EXPECT_EQ(book_.batches.size(), 1U);
  run("left", schema::Direction::kUp);
  tests_->sweep();
  EXPECT_EQ(book_.batches.size(), 1U);
  clock_.advance(seconds(31));
  tests_->sweep();
  EXPECT_EQ(book_.batches.size(), 2U);
  run("at the end", schema::Direction::kUp);
  tests_->stop();
  EXPECT_EQ(book_.batches.size(), 3U);
}

TEST_F(VisitorTestsTest, OneNetworkCannotFillTheLedger) {
  make({.most_an_hour = 4, .most_of_one = 2});
  for (int i = 0; i < 5; ++i) run("", schema::Direction::kDown, fmt::format("192.0.2.{}", i));
  EXPECT_EQ(book_.batches.size(), 2U);
  for (int i = 0; i < 5; ++i) run("", schema::Direction::kDown, fmt::format("2001:db8:{}::1", i));
  EXPECT_EQ(book_.batches.size(), 4U);
  clock_.advance(std::chrono::hours(1));
  run("t", schema::Direction::kDown);
  EXPECT_TRUE(finish({"t", {}, {}}));
}

TEST_F(VisitorTestsTest, AFullDiskLeavesNoGap) {
  make();
  book_.is_full = true;
  run("t", schema::Direction::kDown);
  EXPECT_EQ(finish({"t", {}, {}}).error().code, ErrorCode::kExhausted);
  book_.is_full = false;
  run("", schema::Direction::kDown);
  EXPECT_EQ(book_.batches[0].head().sequence, 1U);
}

TEST(VisitorWord, IsReadStrictly) {
  const auto word = parse_visitor_word(
      R"({"ticket":"a","network":"5g","tests":[{"direction":"up","family":6,"throughput":1e8,"idle":null}]})");
  ASSERT_TRUE(word) << word.error().message();
  EXPECT_EQ(word->network, AccessNetwork::k5g);
  ASSERT_EQ(word->tests.size(), 1U);
  EXPECT_EQ(word->tests[0].throughput, 1e8);
  EXPECT_FALSE(word->tests[0].idle);
  for (const char* bad : {"", "[]", "{}", R"({"ticket":"a","network":"tin"})", R"({"ticket":"a","tests":[1]})",
                          R"({"ticket":"a","tests":[{"direction":"up","throughput":-1}]})",
                          R"({"ticket":"a","tests":[{"direction":"up","family":5}]})",
                          R"({"ticket":"a","tests":[{"direction":"up","idle":1e300}]})"}) {
    EXPECT_FALSE(parse_visitor_word(bad)) << bad;
  }
}

TEST(AddressPrefix, KeepsTheNetworkAlone) {
  EXPECT_EQ(address_prefix("192.0.2.77"), "192.0.2.0/24");
  EXPECT_EQ(address_prefix("::ffff:192.0.2.77"), "192.0.2.0/24");
  EXPECT_EQ(address_prefix("2001:db8:7:8::9"), "2001:db8:7::/48");
  EXPECT_EQ(address_prefix("nobody"), "?");
}

}  // namespace
}  // namespace gnomon::server
