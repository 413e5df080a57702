#pragma once

// Tables without a database: which windows are in them and up to which record. It keeps the contract of store.h for
// apply() to the letter, outlives the server's program as a file would, and refuses or forgets to say when told to.

#include <unordered_map>

#include "segment/memory_file_system.h"
#include "simulation/oracle.h"
#include "store/store.h"

namespace gnomon::simulation {

class MemoryStore final : public store::Store {
 public:
  MemoryStore(World& world, const segment::MemoryFileSystem& disk) : world_(world), disk_(disk) {}

  Status apply(std::span<const store::AppliedBatch> batches, store::JournalPosition from,
               store::JournalPosition up_to) override;
  [[nodiscard]] store::JournalPosition position() const override { return position_; }
  [[nodiscard]] std::uint64_t windows_stored() const override { return windows_.size(); }
  Status enforce_retention(WallTime) override { return {}; }

  // The tables were thrown away (`gnomon rebuild`).
  void clear();
  // The next tries fail; some of them after they have done their work.
  void fail(int tries) { failing_ = tries; }
  [[nodiscard]] const std::unordered_map<WindowId, int>& windows() const { return windows_; }

  // Nobody asks these here.
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
  Status compact() override { return {}; }

 private:
  World& world_;
  const segment::MemoryFileSystem& disk_;
  store::JournalPosition position_;
  std::unordered_map<WindowId, int> windows_;
  int failing_ = 0;
};

}  // namespace gnomon::simulation
