#pragma once

// Random histories of a journal for the store contract: several probes with a few paths each, windows that are late,
// odd or missing values, paths that change their address, dropped ranges, tests of the access network. One seed gives
// one history. Also used by the bench.

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "contract/naive_store.h"
#include "core/random.h"
#include "store/batch.h"

namespace gnomon::store::contract {

struct WorkloadShape {
  std::size_t probes = 3;
  std::size_t paths_per_probe = 4;
  std::size_t batches = 200;
  Nanoseconds window = std::chrono::seconds(10);
  std::size_t windows_per_batch = 6;  // of each path
  double late = 0.1;                  // share of batches that arrive long after their time
  double tests = 0.3;                 // share of batches that bring tests of the access network
  WallTime start{std::chrono::seconds(1'750'000'000)};
};

// The journal's records as the store gets them. Batches borrow from the history.
class History {
 public:
  History(std::uint64_t seed, const WorkloadShape& shape);
  ~History();
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  [[nodiscard]] std::span<const AppliedBatch> batches() const { return batches_; }
  [[nodiscard]] std::uint64_t records() const { return batches_.size(); }
  [[nodiscard]] const NaiveStore& truth() const { return truth_; }
  [[nodiscard]] std::vector<PathId> paths() const;
  [[nodiscard]] TimeRange range() const { return range_; }

 private:
  struct Message;
  struct Slice {
    std::size_t probe;
    std::size_t number;
  };
  void add_batch(Random& random, const WorkloadShape& shape, Slice slice);
  void add_access(Random& random, const WorkloadShape& shape, AppliedBatch& batch);

  std::deque<Message> messages_;  // stable addresses
  std::deque<std::vector<schema::AccessResult>> access_;
  std::vector<AppliedBatch> batches_;
  NaiveStore truth_;
  TimeRange range_;
};

}  // namespace gnomon::store::contract
