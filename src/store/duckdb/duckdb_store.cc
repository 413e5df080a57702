#include "store/duckdb/duckdb_store.h"

#include "core/log.h"
#include "store/duckdb/apply.h"
#include "store/duckdb/engine.h"
#include "store/duckdb/queries.h"
#include "store/duckdb/retention.h"
#include "store/duckdb/roll.h"

namespace gnomon::store::duckdb {

namespace {

class DuckdbStore final : public Store {
 public:
  explicit DuckdbStore(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
  DuckdbStore(const DuckdbStore&) = delete;
  DuckdbStore& operator=(const DuckdbStore&) = delete;
  ~DuckdbStore() override {
    const auto status = write([&] { return close_tables(*engine_); });
    if (!status) log::warning("store: {}; the journal brings the last windows again", status.error().message());
  }

  Status apply(std::span<const AppliedBatch> batches, JournalPosition from, JournalPosition up_to) override {
    return write([&] { return apply_batches(*engine_, batches, from, up_to); });
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
    return write([&] { return keep_level(*engine_, level, keep); });
  }
  Status enforce_retention(WallTime now) override {
    return write([&] { return remove_old(*engine_, now); });
  }
  Status compact() override {
    return write([&] { return compact_tables(*engine_); });
  }

 private:
  template <typename Work>
  Status write(const Work& work) {
    const std::lock_guard lock(engine_->writing);
    auto status = engine_->ready();
    if (status) status = work();
    if (!status && status.error().code != ErrorCode::kConflict) engine_->distrust(status.error());
    return status;
  }

  std::unique_ptr<Engine> engine_;
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
