#pragma once

// The current state of every path and probe, in memory, fed by every batch that became durable.
//
// Thread-safe: one lock, in the order of asking, held for the length of one batch or one copy. Memory is bounded: at
// most `Limits::paths` paths with at most 60 s of windows and 60 minutes of figures each (about 9 kB a path with
// windows of 10 s); of a path beyond the limit only its state is known (server/live_crowd.h), so that millions fit. A
// path of which nothing came for `forget_after` is forgotten.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "server/batch_intake.h"
#include "server/live_events.h"
#include "server/live_view.h"

namespace gnomon::store {
class Store;
}

namespace gnomon::server {

class LiveState final : public BatchObserver {
 public:
  struct Limits {
    std::size_t paths = 20'000;
    std::size_t probes = 50'000;
    Nanoseconds probe_silent_after = std::chrono::seconds(30);
    Nanoseconds forget_after = std::chrono::hours(24);
  };

  explicit LiveState(const Clock& clock) : LiveState(clock, Limits{}) {}
  LiveState(const Clock& clock, Limits limits);
  ~LiveState() override;
  LiveState(const LiveState&) = delete;
  LiveState& operator=(const LiveState&) = delete;

  // All before the first batch. `observer` outlives this.
  void set_observer(LiveObserver* observer);
  // Whose batches bring no paths and stand for no probe: the observatory's own identity for visitors. Before load().
  void set_no_probe(const ProbeId& identity);
  // Paths, probes and the last hour's figures, so that a restart shows states at once. `troubled`: paths whose trouble
  // was reported and not yet its end (Changes::troubled), so that the end is reported too.
  struct Troubled {
    PathId path;
    PathState state = PathState::kBroken;
    WallTime since;
  };
  Status load(store::Store& store, const std::vector<Troubled>& troubled = {});

  // A batch that is durable. Older ones than seen before (a spool that empties) only fill the figures of their minutes.
  void on_durable(const DurableBatch& durable) override { on_durable(*durable.batch, durable.received); }
  void on_durable(const schema::VerifiedBatch& batch, WallTime received);
  // Stale paths, silent probes. A few times a second.
  void tick();
  // The probe was removed: it and its paths are forgotten.
  void forget_probe(const ProbeId& probe);

  [[nodiscard]] std::vector<PathView> paths() const;  // in no order
  [[nodiscard]] std::optional<PathView> path(PathId id) const;
  [[nodiscard]] PathCounts counts() const;
  [[nodiscard]] std::vector<ProbeView> probes() const;  // by id
  [[nodiscard]] std::optional<ProbeView> probe(const ProbeId& id) const;
  [[nodiscard]] std::uint64_t probes_alive() const;
  [[nodiscard]] Overview overview(std::size_t changed_limit = 12) const;
  [[nodiscard]] std::uint64_t paths_over_limit() const;
  // The newest window of each path that is not stale, by id, at most `limit`; `omitted` counts the rest.
  using LastWindow = std::pair<PathView, schema::DelayWindow>;
  [[nodiscard]] std::vector<LastWindow> last_windows(std::size_t limit, std::size_t& omitted) const;

  // Rows that changed since they were last taken, the `states` that changed state first, at most `limit`; the rest
  // waits. For the one feed.
  struct ChangedRows {
    std::vector<PathView> rows;
    std::size_t states = 0;
  };
  ChangedRows take_changed(std::size_t limit);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::server
