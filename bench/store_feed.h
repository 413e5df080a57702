#pragma once

// Windows for a store without a network: batches of many probes, each window different from the last of its path.
//
// Made of ready columns, used again and again in changing order, so that making them costs the measured process nothing
// worth naming. Half of the probes send what `echo` gives (rtt, ipdv), half what `stamp` gives (all four sketches), as
// in the lab. Not thread-safe.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "core/random.h"
#include "store/store.h"

namespace gnomon::bench {

class StoreFeed {
 public:
  static constexpr WallTime kStart{std::chrono::seconds(1'750'003'200)};  // a UTC midnight

  // `paths` are rounded up to whole probes.
  StoreFeed(store::Store& store, std::size_t paths, std::size_t paths_per_probe, Nanoseconds window);
  ~StoreFeed();

  // The next window of every path, `rounds` times, applied in ranges of about `rows` windows; `after` is told of each
  // range. The first error ends it.
  Status run(std::size_t rounds, std::size_t rows, const std::function<void()>& after = {});

  // About `rows` windows more, of the probes whose turn it is, as one range.
  Status run_part(std::size_t rows);

  [[nodiscard]] PathId id(std::size_t path) const;
  [[nodiscard]] std::size_t paths() const { return probes_ * paths_per_probe_; }
  [[nodiscard]] WallTime now() const;  // start of the next round; from any thread, like windows()
  [[nodiscard]] std::uint64_t windows() const { return windows_; }

 private:
  struct Columns;
  [[nodiscard]] schema::PathTable table_of(std::size_t probe) const;
  store::AppliedBatch next_batch(std::size_t probe);
  void add_batch();
  Status apply();

  store::Store& store_;
  std::size_t paths_per_probe_, probes_;
  Nanoseconds window_;
  std::vector<std::unique_ptr<Columns>> echo_, stamp_;
  std::vector<std::string> echo_paths_, stamp_paths_;  // serialised, of any probe
  std::deque<schema::PathTable> tables_;               // of the batches at hand
  std::uint64_t record_ = 0;
  std::size_t next_probe_ = 0;  // of this round
  std::atomic<std::uint64_t> round_ = 0, windows_ = 0;
  std::vector<store::AppliedBatch> batches_;
};

}  // namespace gnomon::bench
