#pragma once

// What the live state reports as it happens. Handlers are called without any lock held, on the thread that fed the
// state or called tick(), and may be called by several threads at once.

#include <memory>
#include <string>
#include <vector>

#include "analysis/path_state.h"
#include "server/live_view.h"
#include "store/batch.h"

namespace gnomon::server {

// A path became broken or degraded, or was restored (verdict.state is kGood).
struct PathTransition {
  std::shared_ptr<const PathIdentity> path;
  analysis::Verdict verdict;
  std::optional<WallTime> trouble_since;  // of a restored path
  std::size_t total_paths = 0;
  std::size_t methods = 1, families = 1;  // in use
};

enum class ProbeNews : std::uint8_t { kNew, kSilent, kBack, kSick, kWell };

struct ProbeTransition {
  ProbeNews news = ProbeNews::kNew;
  ProbeView probe;
  WallTime at;
  std::optional<Nanoseconds> length;  // of the silence that ended
};

class LiveObserver {
 public:
  virtual ~LiveObserver() = default;
  virtual void paths_changed(const std::vector<PathTransition>& transitions) = 0;
  virtual void probe_changed(const ProbeTransition& transition) = 0;
  virtual void windows_dropped(const ProbeView& probe, const store::DroppedRange& range) = 0;
};

}  // namespace gnomon::server
