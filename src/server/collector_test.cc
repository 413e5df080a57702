#include "server/collector.h"

#include <future>

#include "core/hex.h"
#include "server/batch_for_test.h"
#include "server/disk_guard.h"
#include "server/probe_registry.h"
#include "server/temporary_folder_for_test.h"

namespace gnomon::server {
namespace {

using http::Response;
using testing::ElementsAre;
using testing::HasSubstr;
using Verdict = v1::IngestResponse;

// A journal that answers at once, or when the test says so.
class ModelIntake final : public BatchIntake {
 public:
  Status append(const schema::VerifiedBatch& batch, std::span<const std::byte>, Done done) override {
    if (refusal) return tl::unexpected(*refusal);
    const std::uint64_t sequence = batch.head().sequence;
    const bool duplicate = !seen.insert(sequence).second;
    if (failure_later) {
      done(tl::unexpected(*failure_later));
    } else if (hold) {
      held.push_back([done, duplicate, sequence] { done(Stored{duplicate, sequence + 100}); });
    } else {
      done(Stored{duplicate, sequence + 100});
    }
    return {};
  }
  std::optional<Error> refusal;
  std::optional<Error> failure_later;
  bool hold = false;
  std::vector<std::function<void()>> held;
  std::set<std::uint64_t> seen;
};

class Recorder final : public BatchObserver {
 public:
  void on_durable(const DurableBatch& durable) override {
    const schema::VerifiedBatch& batch = *durable.batch;
    const std::lock_guard lock(mutex);
    sequences.push_back(batch.head().sequence);
  }
  std::mutex mutex;
  std::vector<std::uint64_t> sequences;
};

class CollectorTest : public testing::Test {
 protected:
  CollectorTest() {
    collector_.add_observer(recorder_);
    collector_.add_to(router_);
    EXPECT_TRUE(probes_.enrol(probe_.key.public_key().bytes(), "", "").has_value());
  }
  http::Request request(std::string body) {
    http::Request made;
    made.method = http::Method::kPost;
    made.path = "/api/v1/ingest";
    made.body = std::move(body);
    return made;
  }
  Response post(std::string body) { return router_.handle(request(std::move(body))); }
  static v1::IngestResponse answer_of(const Response& response) {
    v1::IngestResponse answer;
    EXPECT_EQ(response.status, 200);
    EXPECT_TRUE(answer.ParseFromString(std::get<std::string>(response.body)));
    return answer;
  }
  static std::string text_of(const Response& response) { return std::get<std::string>(response.body); }

  TemporaryFolder folder_;
  ManualClock clock_;
  std::uint64_t disk_left_ = 1'000'000'000;
  ModelIntake intake_;
  Recorder recorder_;
  ProbeRegistry probes_{folder_.path() / "probes.json", clock_};
  DiskGuard disk_{[this] { return disk_left_; }, clock_};
  Collector collector_{intake_, probes_, disk_, {.batches_per_request = 3, .in_flight_bytes = 10'000}};
  http::Router router_;
  TestProbe probe_;
};

TEST_F(CollectorTest, StoresAndTellsObserversInOrder) {
  const auto answer = answer_of(post(ingest_body({probe_.signed_batch(1), probe_.signed_batch(2)})));
  ASSERT_EQ(answer.acks_size(), 2);
  EXPECT_EQ(answer.acks(0).verdict(), Verdict::VERDICT_STORED);
  EXPECT_EQ(answer.acks(1).sequence(), 2U);
  EXPECT_EQ(answer.acks(1).ledger_index(), 102U);
  collector_.stop();
  EXPECT_THAT(recorder_.sequences, ElementsAre(1, 2));
  EXPECT_EQ(collector_.counters().batches_stored, 2U);
}

TEST_F(CollectorTest, ADuplicateIsSaidAndNotToldAgain) {
  post(ingest_body({probe_.signed_batch(1)}));
  EXPECT_EQ(answer_of(post(ingest_body({probe_.signed_batch(1)}))).acks(0).verdict(), Verdict::VERDICT_DUPLICATE);
  collector_.stop();
  EXPECT_THAT(recorder_.sequences, ElementsAre(1));
  EXPECT_EQ(collector_.counters().batches_duplicate, 1U);
}

TEST_F(CollectorTest, AcknowledgesOnlyWhenDurable) {
  intake_.hold = true;
  std::promise<Response> promise;
  router_.dispatch(
      std::make_shared<http::Request>(request(ingest_body({probe_.signed_batch(1), probe_.signed_batch(2)}))),
      [&](Result<Response> result) { promise.set_value(std::move(*result)); });
  auto answer = promise.get_future();
  ASSERT_EQ(intake_.held.size(), 2U);
  intake_.held[1]();
  EXPECT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  intake_.held[0]();
  EXPECT_EQ(answer_of(answer.get()).acks_size(), 2);
}

TEST_F(CollectorTest, AnUnknownKeyIsRefusedCountedAndRemembered) {
  const TestProbe stranger;
  std::vector<std::string> told;
  collector_.on_key_refused([&](std::string_view key, std::string_view) { told.emplace_back(key); });
  for (int i = 0; i < 2; ++i) {
    const auto answer = answer_of(post(ingest_body({stranger.signed_batch(1)})));
    EXPECT_EQ(answer.acks(0).verdict(), Verdict::VERDICT_UNKNOWN_KEY);
    EXPECT_THAT(answer.acks(0).message(), HasSubstr("gnomon probe allow"));
  }
  const std::string key = to_hex(stranger.key.public_key().bytes());
  EXPECT_THAT(told, ElementsAre(key));
  ASSERT_EQ(probes_.refused().size(), 1U);
  EXPECT_EQ(probes_.refused()[0].public_key_hex, key);
  EXPECT_EQ(probes_.refused()[0].name, "test");
  EXPECT_EQ(probes_.refused()[0].count, 2U);
  EXPECT_EQ(collector_.counters().batches_refused_key, 2U);
  ASSERT_TRUE(probes_.enrol(stranger.key.public_key().bytes(), "", "").has_value());
  EXPECT_EQ(answer_of(post(ingest_body({stranger.signed_batch(1)}))).acks(0).verdict(), Verdict::VERDICT_STORED);
  EXPECT_TRUE(probes_.refused().empty());
}

TEST_F(CollectorTest, ARemovedProbeIsRefusedFromThenOn) {
  ASSERT_TRUE(probes_.remove(crypto::probe_id(probe_.key.public_key())).has_value());
  EXPECT_EQ(answer_of(post(ingest_body({probe_.signed_batch(1)}))).acks(0).verdict(), Verdict::VERDICT_UNKNOWN_KEY);
}

TEST_F(CollectorTest, ABadSignatureSpoilsOnlyItsBatch) {
  v1::SignedBatch forged;
  ASSERT_TRUE(forged.ParseFromString(probe_.signed_batch(1)));
  auto changed = probe_.batch(1);
  changed.set_probe_name("another");
  forged.set_batch(changed.SerializeAsString());
  const auto answer = answer_of(post(ingest_body({forged.SerializeAsString(), probe_.signed_batch(2)})));
  EXPECT_EQ(answer.acks(0).verdict(), Verdict::VERDICT_BAD);
  EXPECT_THAT(answer.acks(0).message(), HasSubstr("signature"));
  EXPECT_EQ(answer.acks(1).verdict(), Verdict::VERDICT_STORED);
  EXPECT_EQ(collector_.counters().batches_bad, 1U);
}

TEST_F(CollectorTest, AnotherProbesIdIsBad) {
  const TestProbe other;
  auto batch = other.batch(1);  // carries the other's id, signed by an enrolled key
  EXPECT_EQ(answer_of(post(ingest_body({schema::sign_batch(batch, probe_.key)}))).acks(0).verdict(),
            Verdict::VERDICT_BAD);
}

TEST_F(CollectorTest, UnknownFieldsOfANewerProbeAreTaken) {
  std::string newer = probe_.batch(1).SerializeAsString();
  newer += std::string("\xfa\x3e\x03new", 6);  // field 1007, length-delimited
  v1::Batch batch;
  ASSERT_TRUE(batch.ParseFromString(newer));
  EXPECT_EQ(answer_of(post(ingest_body({schema::sign_batch(batch, probe_.key)}))).acks(0).verdict(),
            Verdict::VERDICT_STORED);
}

TEST_F(CollectorTest, ATruncatedRequestIsRefusedWithTheByte) {
  const std::string body = ingest_body({probe_.signed_batch(1)});
  const auto refused = post(body.substr(0, body.size() - 10));
  EXPECT_EQ(refused.status, 400);
  EXPECT_THAT(text_of(refused), HasSubstr("at byte"));
  EXPECT_EQ(post("").status, 400);
  EXPECT_EQ(post("garbage").status, 400);
}

TEST_F(CollectorTest, TooManyBatchesAtOnceAreRefused) {
  std::vector<std::string> many;
  for (std::uint64_t i = 1; i <= 4; ++i) many.push_back(probe_.signed_batch(i));
  EXPECT_EQ(post(ingest_body(many)).status, 400);
}

TEST_F(CollectorTest, AnotherContentTypeIsRefused) {
  auto made = request(ingest_body({probe_.signed_batch(1)}));
  made.headers.set("Content-Type", "application/json");
  EXPECT_EQ(router_.handle(made).status, 415);
}

TEST_F(CollectorTest, AFullDiskIs503AndRecoversByItself) {
  disk_left_ = 1000;
  const auto refused = post(ingest_body({probe_.signed_batch(1)}));
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.headers.has("Retry-After"));
  EXPECT_THAT(text_of(refused), HasSubstr("disk"));
  EXPECT_TRUE(disk_.refusing());
  disk_left_ = 1'000'000'000;
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(answer_of(post(ingest_body({probe_.signed_batch(1)}))).acks(0).verdict(), Verdict::VERDICT_STORED);
  EXPECT_FALSE(disk_.refusing());
}

TEST_F(CollectorTest, AJournalThatCannotWriteIs503AndRecoversByItself) {
  intake_.failure_later = Error{ErrorCode::kExhausted, "write journal", "", "no space left", "free some"};
  EXPECT_EQ(post(ingest_body({probe_.signed_batch(1)})).status, 503);
  EXPECT_TRUE(disk_.refusing());
  EXPECT_EQ(collector_.counters().batches_busy, 1U);
  intake_.failure_later.reset();
  intake_.seen.clear();
  clock_.advance(std::chrono::seconds(2));
  EXPECT_EQ(answer_of(post(ingest_body({probe_.signed_batch(1)}))).acks(0).verdict(), Verdict::VERDICT_STORED);
  EXPECT_FALSE(disk_.refusing());
}

TEST_F(CollectorTest, AFullQueueIsBusyNotLost) {
  intake_.refusal = Error{ErrorCode::kUnavailable, "append", "", "queue full", ""};
  EXPECT_EQ(post(ingest_body({probe_.signed_batch(1)})).status, 503);
  intake_.refusal.reset();
  EXPECT_EQ(post(ingest_body({probe_.signed_batch(1)})).status, 200);
}

TEST_F(CollectorTest, BytesInFlightAreBounded) {
  intake_.hold = true;
  std::size_t answered = 0;
  std::uint64_t sequence = 0;
  Response last;
  while (answered == 0 && sequence < 1000) {
    router_.dispatch(std::make_shared<http::Request>(request(ingest_body({probe_.signed_batch(++sequence)}))),
                     [&](Result<Response> result) {
                       last = std::move(*result);
                       ++answered;
                     });
  }
  EXPECT_EQ(last.status, 503);
  EXPECT_GT(sequence, 5U);
  EXPECT_LT(sequence, 100U);
  for (const auto& done : intake_.held) done();
}

}  // namespace
}  // namespace gnomon::server
