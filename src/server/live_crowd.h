#pragma once

// The paths of one probe that are beyond the number watched closely (LiveState::Limits): of each only how its newest
// window went, eight bytes. Good: it answered; broken: a whole window was lost; sick: the vantage was not well. Not
// thread-safe.

#include <vector>

#include "schema/delay_columns.h"
#include "server/live_view.h"

namespace gnomon::server {

class LiveCrowd {
 public:
  // `watched[i]`: path i of the probe's table is watched closely, and no part of this. Forgets what was known.
  void reset(std::vector<bool> watched);
  // Windows of a batch whose table reset() was told of.
  void add(const schema::DelayColumns& windows, WallTime base);
  [[nodiscard]] std::size_t size() const { return size_; }
  // Counts of paths by state; all stale when the probe is silent.
  void count_into(PathCounts& counts, bool silent) const;

 private:
  struct Place {
    std::uint32_t end = 0;  // of the newest window, Unix seconds
    PathState state = PathState::kUnknown;
    bool watched = false;
  };
  std::vector<Place> places_;
  std::array<std::uint32_t, analysis::kPathStates> of_{};
  std::size_t size_ = 0;
};

}  // namespace gnomon::server
