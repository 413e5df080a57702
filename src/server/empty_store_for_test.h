#pragma once

// For tests: tables that hold nothing and are up to date with nothing.

#include "store/store.h"

namespace gnomon::server {

class EmptyStore : public store::Store {
 public:
  Status apply(std::span<const store::AppliedBatch>, store::JournalPosition, store::JournalPosition) override {
    return {};
  }
  [[nodiscard]] store::JournalPosition position() const override { return {}; }
  [[nodiscard]] std::uint64_t windows_stored() const override { return 0; }
  Result<std::vector<store::PathRecord>> paths() override { return std::vector<store::PathRecord>{}; }
  Result<std::optional<store::PathRecord>> path(PathId) override { return std::nullopt; }
  Result<std::vector<store::PathRecord>> recent_paths(WallTime, std::size_t) override {
    return std::vector<store::PathRecord>{};
  }
  Result<std::vector<store::ProbeRecord>> probes() override { return std::vector<store::ProbeRecord>{}; }
  Result<std::vector<store::DroppedRange>> dropped() override { return std::vector<store::DroppedRange>{}; }
  Result<store::SeriesAnswer> series(const store::SeriesQuery&) override { return store::SeriesAnswer{}; }
  Result<std::vector<store::PathPoint>> summaries(const store::SummaryQuery&) override {
    return std::vector<store::PathPoint>{};
  }
  Result<std::vector<store::GroupPoint>> groups(const store::GroupQuery&) override {
    return std::vector<store::GroupPoint>{};
  }
  Result<std::vector<store::PathPoint>> latest(const store::LatestQuery&) override {
    return std::vector<store::PathPoint>{};
  }
  Result<std::vector<store::AccessRow>> access_results(const store::AccessQuery&) override {
    return std::vector<store::AccessRow>{};
  }
  Result<std::vector<store::AccessRow>> newest_access_results(WallTime) override {
    return std::vector<store::AccessRow>{};
  }
  Result<store::AccessSummaries> access_summaries(const store::AccessSummaryQuery&) override {
    return store::AccessSummaries{};
  }
  Result<store::DisturbedTests> disturbed_tests(store::TimeRange) override { return store::DisturbedTests{}; }
  Result<store::StorageUse> storage() override { return store::StorageUse{}; }
  Status set_retention(store::Level, std::optional<Nanoseconds>) override { return {}; }
  Status enforce_retention(WallTime) override { return {}; }
  Status compact() override { return {}; }
};

}  // namespace gnomon::server
