#include "store/duckdb/duckdb_store.h"

#include "core/log.h"
#include "store/duckdb/apply.h"
#include "store/duckdb/engine.h"
#include "store/duckdb/keeper.h"
#include "store/duckdb/queries.h"
#include "store/duckdb/retention.h"
#include "store/duckdb/roll.h"

namespace gnomon::store::duckdb {

namespace {

class DuckdbStore final : public Store {
 public:
  explicit DuckdbStore(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {
    keeper_.emplace([this] { return sum_up(); });
    keeper_->wake();  // what the last stop broke off
  }
  DuckdbStore(const DuckdbStore&) = delete;
  DuckdbStore& operator=(const DuckdbStore&) = delete;
  ~DuckdbStore() override {
    engine_->closing = true;
    keeper_.reset();
    const auto status = write([&] { return flush(*engine_); });
    if (!status) log::warning("store: {}; the journal brings the last windows again", status.error().message());
  }

  Status apply(std::span<const AppliedBatch> batches, JournalPosition from, JournalPosition up_to) override {
    if (auto status = keeper_->take_failure(); !status) return status;
    // Sums that fall behind make queries slow.
    if (engine_->state()->waiting_rows(Level::kRaw) >= kMostWaiting) keeper_->wait();
    return write([&]() -> Status {
      const auto applied = apply_batches(*engine_, batches, from, up_to);
      if (!applied) return tl::unexpected(applied.error());
      if (applied->flushed) keeper_->wake();
      return {};
    });
  }
  JournalPosition position() const override { return {engine_->position.load()}; }
  std::uint64_t windows_stored() const override { return engine_->windows.load(); }

  Result<std::vector<PathRecord>> paths() override { return read_paths(*engine_); }
  Result<std::optional<PathRecord>> path(PathId id) override { return read_path(*engine_, id); }
  Result<std::vector<PathRecord>> recent_paths(WallTime since, std::size_t limit) override {
    return read_recent_paths(*engine_, since, limit);
  }
  Result<std::vector<ProbeRecord>> probes() override { return read_probes(*engine_); }
  Result<std::vector<DroppedRange>> dropped() override { return read_dropped(*engine_); }
  Result<SeriesAnswer> series(const SeriesQuery& query) override { return read_series(*engine_, query); }
  Result<std::vector<PathPoint>> summaries(const SummaryQuery& query) override {
    return read_summaries(*engine_, query);
  }
  Result<std::vector<GroupPoint>> groups(const GroupQuery& query) override { return read_groups(*engine_, query); }
  Result<std::vector<PathPoint>> latest(const LatestQuery& query) override { return read_latest(*engine_, query); }
  Result<std::vector<AccessRow>> access_results(const AccessQuery& query) override {
    return read_access(*engine_, query);
  }
  Result<std::vector<AccessRow>> newest_access_results(WallTime since) override {
    return read_newest_access(*engine_, since);
  }
  Result<AccessSummaries> access_summaries(const AccessSummaryQuery& query) override {
    return read_access_summaries(*engine_, query);
  }
  Result<DisturbedTests> disturbed_tests(TimeRange range) override { return read_disturbed_tests(*engine_, range); }
  Result<StorageUse> storage() override { return read_storage(*engine_); }

  Status set_retention(Level level, std::optional<Nanoseconds> keep) override {
    return write_alone([&] { return keep_level(*engine_, level, keep); });
  }
  Status enforce_retention(WallTime now) override {
    return write_alone([&] { return remove_old(*engine_, now); });
  }
  Status compact() override {
    return write_alone([&] { return compact_tables(*engine_); });
  }

 private:
  // Raw rows that wait for their minutes, beyond which windows wait too: some minutes of them at the rate of a country.
  static constexpr std::uint64_t kMostWaiting = 40'000'000;

  // Beside the summing up.
  template <typename Work>
  Status write(const Work& work) {
    {
      const std::lock_guard lock(engine_->applying.mutex);
      if (engine_->is_trusted()) return noted(work());
    }
    return write_alone(work);
  }

  // With nobody else who writes, and what was due summed up.
  template <typename Work>
  Status write_alone(const Work& work) {
    if (keeper_) keeper_->wait();
    const std::lock_guard summing(engine_->summing.mutex);
    const std::lock_guard applying(engine_->applying.mutex);
    auto status = engine_->ready();
    return noted(status ? work() : status);
  }

  // The keeper's work.
  Status sum_up() {
    const std::lock_guard summing(engine_->summing.mutex);
    if (!engine_->is_trusted()) {
      const std::lock_guard applying(engine_->applying.mutex);
      if (auto status = engine_->ready(); !status) return noted(std::move(status));
    }
    if (auto status = roll_when_due(*engine_); !status) return engine_->closing ? Status{} : noted(std::move(status));
    const std::lock_guard applying(engine_->applying.mutex);
    return noted(write_log_when_long(*engine_));
  }

  Status noted(Status status) {
    if (!status && status.error().code != ErrorCode::kConflict) engine_->distrust(status.error());
    return status;
  }

  std::unique_ptr<Engine> engine_;
  std::optional<Keeper> keeper_;
};

std::vector<std::filesystem::path> files_of(const std::filesystem::path& file) {
  return {file, file.string() + ".wal", file.string() + ".tmp"};
}

}  // namespace

Result<std::unique_ptr<Store>> open(const std::filesystem::path& file, const Options& options) {
  auto engine = Engine::open(file, options);
  if (!engine) return tl::unexpected(engine.error());
  return std::make_unique<DuckdbStore>(std::move(*engine));
}

Status remove(const std::filesystem::path& file) {
  for (const auto& part : files_of(file)) {
    std::error_code fault;
    std::filesystem::remove_all(part, fault);
    if (fault) return errno_failure(fault.value(), "remove", part.string());
  }
  return {};
}

Status replace(const std::filesystem::path& from, const std::filesystem::path& to) {
  // The log of the old file must be gone before the new file stands in its place: it does not belong to it.
  std::error_code fault;
  if (std::filesystem::exists(from.string() + ".wal")) {
    return failure(ErrorCode::kConflict, "replace", from.string(), "its log is not yet written into it",
                   "close the store first");
  }
  std::filesystem::remove(to.string() + ".wal", fault);
  if (fault) return errno_failure(fault.value(), "remove", to.string() + ".wal");
  std::filesystem::rename(from, to, fault);
  if (fault) return errno_failure(fault.value(), "rename", from.string());
  return {};
}

}  // namespace gnomon::store::duckdb
