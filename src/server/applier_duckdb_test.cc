#include "server/applier.h"

#include <gtest/gtest.h>

#include "gnomon/v1/batch.pb.h"
#include "journal/batch_for_test.h"
#include "journal/journal.h"
#include "segment/memory_file_system.h"
#include "server/batch_for_test.h"
#include "server/recent_batches.h"
#include "store/duckdb/test_folder.h"

namespace gnomon::server {
namespace {

using namespace std::chrono_literals;

// A journal in memory, fed by three probes; the store in a folder.
class ApplierTest : public testing::Test {
 protected:
  ApplierTest() {
    journal::JournalOptions options;
    options.lock_folder = false;
    options.background = false;
    auto opened = journal::Journal::open(files_, "data", key_, clock_, options);
    if (!opened) {
      ADD_FAILURE() << opened.error().message();
      return;
    }
    journal_ = std::move(*opened);
  }

  // As the collector does: journalled, and told to `recent` if there is one.
  void append(unsigned char probe, std::uint64_t sequence, int windows = 3, RecentBatches* recent = nullptr) {
    append(journal::ProbeForTest(probe).batch(sequence, windows), recent);
  }
  void append(const std::string& bytes, RecentBatches* recent) {
    const auto span = std::as_bytes(std::span(bytes));
    const auto batch = schema::read_signed_batch(span);
    ASSERT_TRUE(batch) << batch.error().reason;
    const auto appended = journal_->append_and_wait(*batch, span);
    ASSERT_TRUE(appended) << appended.error().message();
    if (recent == nullptr) return;
    recent->on_durable({std::make_shared<const schema::VerifiedBatch>(*batch), appended->record.value_or(0),
                        WallTime{std::chrono::milliseconds(appended->received_unix_ms)}});
  }

  std::unique_ptr<store::Store> open_store(const std::string& name) {
    store::duckdb::Options options;
    options.keep = {};
    auto opened = store::duckdb::open(folder_.path() / name, options);
    if (!opened) ADD_FAILURE() << opened.error().message();
    return opened ? std::move(*opened) : nullptr;
  }

  SystemClock clock_;
  segment::MemoryFileSystem files_;
  crypto::PrivateKey key_ = crypto::PrivateKey::from_seed(std::vector(32, std::byte{9})).value();
  std::unique_ptr<journal::Journal> journal_;
  store::duckdb::TestFolder folder_;
};

constexpr store::TimeRange kAll{WallTime{1'700'000'000s}, WallTime{1'900'000'000s}};

std::vector<store::PathPoint> summaries_of(store::Store& store) {
  const auto points = store.summaries({{}, kAll, store::kAllSketches});
  if (!points) ADD_FAILURE() << points.error().message();
  return points.value_or(std::vector<store::PathPoint>{});
}

std::uint64_t windows_in(store::Store& store) {
  std::uint64_t windows = 0;
  for (const auto& p : summaries_of(store)) windows += p.point.windows;
  return windows;
}

TEST_F(ApplierTest, AppliesWhatIsThereAndGoesOnWhereTheStoreStands) {
  for (std::uint64_t s = 1; s <= 20; ++s) append(1, s);
  auto store = open_store("t");
  ASSERT_TRUE(apply_all(*journal_, *store));
  EXPECT_EQ(store->position().records, 20U);
  store.reset();
  for (std::uint64_t s = 1; s <= 10; ++s) append(2, s);
  append(2, 10);  // a duplicate: the journal has it already
  store = open_store("t");
  ASSERT_TRUE(apply_all(*journal_, *store));
  EXPECT_EQ(store->position().records, 30U);
  EXPECT_EQ(store->windows_stored(), 90U);
  EXPECT_EQ(windows_in(*store), 90U);
  EXPECT_EQ(summaries_of(*store).size(), 2U);
}

TEST_F(ApplierTest, TheLengthOfRangesDoesNotChangeTheAnswers) {
  for (std::uint64_t s = 1; s <= 30; ++s) append(static_cast<unsigned char>(1 + s % 3), s);
  const auto long_ranges = open_store("a"), short_ranges = open_store("b");
  ASSERT_TRUE(apply_all(*journal_, *long_ranges));
  ApplierOptions options;
  options.most_records = 1;
  std::vector<std::uint64_t> told;
  ASSERT_TRUE(apply_all(
      *journal_, *short_ranges, [&](std::uint64_t n) { told.push_back(n); }, options));
  EXPECT_EQ(told.size(), 30U);
  const auto a = summaries_of(*long_ranges), b = summaries_of(*short_ranges);
  ASSERT_EQ(a.size(), 3U);
  ASSERT_EQ(b.size(), 3U);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].path, b[i].path);
    EXPECT_EQ(a[i].point.windows, b[i].point.windows);
    EXPECT_TRUE(a[i].point.rtt_mean == b[i].point.rtt_mean);
    EXPECT_TRUE(std::ranges::equal(a[i].point.rtt.buckets(), b[i].point.rtt.buckets()));
  }
}

TEST_F(ApplierTest, TablesThatAreAheadOfTheJournalAreRefusedWithTheWayOut) {
  for (std::uint64_t s = 1; s <= 5; ++s) append(1, s);
  const auto reader = RangeReader::open(*journal_, 6, {});
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(reader.error().message().find("gnomon rebuild"), std::string::npos);
}

// Refuses the first tries, as a full disk does.
class RefusingStore final : public store::Store {
 public:
  RefusingStore(store::Store& inner, int refusals) : inner_(inner), refusals_(refusals) {}
  Status apply(std::span<const store::AppliedBatch> batches, store::JournalPosition from,
               store::JournalPosition up_to) override {
    if (refusals_ > 0) {
      --refusals_;
      return failure(ErrorCode::kExhausted, "commit", "store", "No space left on device");
    }
    return inner_.apply(batches, from, up_to);
  }
  store::JournalPosition position() const override { return inner_.position(); }
  std::uint64_t windows_stored() const override { return inner_.windows_stored(); }
  Result<std::vector<store::PathRecord>> paths() override { return inner_.paths(); }
  Result<std::optional<store::PathRecord>> path(PathId id) override { return inner_.path(id); }
  Result<std::vector<store::PathRecord>> recent_paths(WallTime since, std::size_t limit) override {
    return inner_.recent_paths(since, limit);
  }
  Result<std::vector<store::ProbeRecord>> probes() override { return inner_.probes(); }
  Result<std::vector<store::DroppedRange>> dropped() override { return inner_.dropped(); }
  Result<store::SeriesAnswer> series(const store::SeriesQuery& q) override { return inner_.series(q); }
  Result<std::vector<store::PathPoint>> summaries(const store::SummaryQuery& q) override { return inner_.summaries(q); }
  Result<std::vector<store::GroupPoint>> groups(const store::GroupQuery& q) override { return inner_.groups(q); }
  Result<std::vector<store::PathPoint>> latest(const store::LatestQuery& q) override { return inner_.latest(q); }
  Result<std::vector<store::AccessRow>> access_results(const store::AccessQuery& q) override {
    return inner_.access_results(q);
  }
  Result<std::vector<store::AccessRow>> newest_access_results(WallTime since) override {
    return inner_.newest_access_results(since);
  }
  Result<store::AccessSummaries> access_summaries(const store::AccessSummaryQuery& q) override {
    return inner_.access_summaries(q);
  }
  Result<store::DisturbedTests> disturbed_tests(store::TimeRange range) override {
    return inner_.disturbed_tests(range);
  }
  Result<store::StorageUse> storage() override { return inner_.storage(); }
  Status set_retention(store::Level level, std::optional<Nanoseconds> keep) override {
    return inner_.set_retention(level, keep);
  }
  Status enforce_retention(WallTime now) override { return inner_.enforce_retention(now); }
  Status compact() override { return inner_.compact(); }

 private:
  store::Store& inner_;
  int refusals_;
};

TEST_F(ApplierTest, ARefusedRangeIsTriedAgainAndNothingIsLost) {
  for (std::uint64_t s = 1; s <= 12; ++s) append(1, s);
  const auto inner = open_store("t");
  RefusingStore store(*inner, 3);
  auto reader = RangeReader::open(*journal_, 0, {});
  ASSERT_TRUE(reader);
  for (int i = 0; i < 3; ++i) {
    const auto refused = reader->apply_next(store);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::kExhausted);
  }
  EXPECT_EQ(reader->apply_next(store).value_or(0), 12U);
  EXPECT_EQ(windows_in(store), 36U);
}

TEST_F(ApplierTest, AccessResultsAreTheSameFromMemoryFromDiskAndAfterARebuild) {
  const TestProbe probe;
  RecentBatches recent;
  for (std::uint64_t s = 1; s <= 6; ++s) {
    v1::Batch batch = probe.batch(s);
    batch.set_site("gz");
    schema::AccessResult test;
    test.start = WallTime{1'750'000'000s + std::chrono::hours(s)};
    test.method = "tcp";
    test.outcome = schema::AccessOutcome::kDone;
    test.direction = schema::AccessDirection::kDown;
    test.throughput = s * 100'000'000;
    schema::append(batch, test);
    append(schema::sign_batch(batch, probe.key), s <= 3 ? nullptr : &recent);
  }
  const auto lived = open_store("lived");
  auto reader = RangeReader::open(*journal_, 0, {.most_records = 2, .recent = &recent});
  ASSERT_TRUE(reader);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(reader->apply_next(*lived).value_or(0), 2U);
  const auto anew = open_store("anew");
  ASSERT_TRUE(apply_all(*journal_, *anew));
  const auto tests = lived->access_results({.range = kAll});
  ASSERT_TRUE(tests);
  ASSERT_EQ(tests->size(), 6U);
  EXPECT_EQ(tests->front().record, 5U);  // the newest first; its leaf in the ledger
  EXPECT_EQ(tests->front().site, "gz");
  EXPECT_EQ(tests->front().result.throughput, 600'000'000U);
  EXPECT_TRUE(*anew->access_results({.range = kAll}) == *tests);
  EXPECT_TRUE(anew->access_summaries({.range = kAll})->cuts == lived->access_summaries({.range = kAll})->cuts);
}

// Some batches come from memory, some must be read: those before it was told, those for which it had no room.
TEST_F(ApplierTest, FromMemoryOrFromDiskTheTablesAreTheSame) {
  for (std::uint64_t s = 1; s <= 5; ++s) append(1, s);
  const std::string bytes = journal::ProbeForTest(1).batch(6, 3);
  const std::size_t one = schema::read_signed_batch(std::as_bytes(std::span(bytes)))->memory_bytes();
  RecentBatches recent(4 * one + one / 2);
  for (std::uint64_t s = 6; s <= 12; ++s) append(1, s, 3, &recent);
  const auto with_memory = open_store("with-memory");
  auto reader = RangeReader::open(*journal_, 0, {.most_records = 9, .recent = &recent});
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader->apply_next(*with_memory).value_or(0), 9U);  // 5 read, 4 of memory
  for (std::uint64_t s = 13; s <= 15; ++s) append(2, s, 3, &recent);
  EXPECT_EQ(reader->apply_next(*with_memory).value_or(0), 6U);  // 3 read, 3 of memory
  EXPECT_EQ(reader->unreadable(), 0U);
  EXPECT_FALSE(recent.take(14)) << "what was taken is still there";

  const auto from_disk = open_store("from-disk");
  ASSERT_TRUE(apply_all(*journal_, *from_disk));
  EXPECT_EQ(with_memory->position().records, from_disk->position().records);
  EXPECT_EQ(windows_in(*with_memory), 45U);
  const auto one_way = summaries_of(*with_memory);
  const auto other_way = summaries_of(*from_disk);
  ASSERT_EQ(one_way.size(), other_way.size());
  for (std::size_t i = 0; i < one_way.size(); ++i) {
    EXPECT_EQ(one_way[i].path, other_way[i].path);
    EXPECT_EQ(one_way[i].point.sent, other_way[i].point.sent);
    EXPECT_EQ(one_way[i].point.rtt_max, other_way[i].point.rtt_max);
  }
  const auto told = with_memory->probes(), read = from_disk->probes();
  ASSERT_TRUE(told && read && told->size() == read->size());
  for (std::size_t i = 0; i < told->size(); ++i) EXPECT_EQ((*told)[i].header.received, (*read)[i].header.received);
}

TEST_F(ApplierTest, TheThreadAppliesAllThatIsDurableBeforeItEnds) {
  for (std::uint64_t s = 1; s <= 8; ++s) append(1, s);
  const auto store = open_store("t");
  auto applier = Applier::start(*journal_, *store, clock_);
  ASSERT_TRUE(applier);
  for (std::uint64_t s = 9; s <= 16; ++s) append(1, s);
  applier->reset();
  EXPECT_EQ(store->position().records, 16U);
  EXPECT_EQ(windows_in(*store), 48U);
}

}  // namespace
}  // namespace gnomon::server
