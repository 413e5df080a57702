#pragma once

// The inside of LiveState, shared by its files: live_state.cc (feeding), live_load.cc (start), live_overview.cc
// (headline figures).

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/fair_mutex.h"
#include "crypto/sha256.h"
#include "schema/batch_codec.h"
#include "server/live_crowd.h"
#include "server/live_path.h"
#include "server/live_state.h"
#include "server/live_tests.h"
#include "store/store.h"

namespace gnomon::server {

struct LiveProbe {
  ProbeView view;
  MonotonicTime last_arrival;
  bool met = false;  // a batch of it was seen, by this server or an earlier one
  bool silent = false;
  bool sick = false;

  // The table of paths that it sent last, and where they are: null for one of the crowd. Good while `epoch` is the
  // owner's.
  crypto::Sha256Digest table{};
  std::string table_site;
  std::uint64_t epoch = 0;
  std::vector<LivePath*> paths;
  LiveCrowd crowd;
};

class LiveState::Impl {
 public:
  Impl(const Clock& the_clock, Limits the_limits) : clock(the_clock), limits(the_limits) {}

  // What a call found out, told to the observer after the lock is released.
  struct News {
    std::vector<PathTransition> paths;
    std::vector<ProbeTransition> probes;
    std::vector<std::pair<ProbeView, store::DroppedRange>> dropped;
  };
  void tell(const News& news) const;

  // All below under `mutex`.
  LivePath* find_or_add(PathIdentity&& identity);
  void mark_changed(LivePath& path, bool urgent);
  LiveProbe* find_or_add_probe(const ProbeId& id);  // null when there are too many
  void update_probe(LiveProbe& probe, const ProbeView& fresh, WallTime received, News& news);
  // Finds the paths of a batch again, or looks them up when the table is another than last time.
  void follow_table(LiveProbe& probe, const schema::VerifiedBatch& batch);
  void add_windows(LiveProbe& probe, const schema::VerifiedBatch& batch, MonotonicTime now, News& news);
  // Marks what the tests that ended disturbed, as far as it was here before them.
  void note_tests(const schema::BatchContent& content, News& news);
  void note(LivePath& path, LivePath::Update&& update, News& news);
  // The past of `ids`: by minute (groups are places in `ids`), window by window, and the windows as a whole; all by
  // path and time.
  void load(std::span<const PathId> ids, const std::vector<store::GroupPoint>& by_minute,
            std::span<const store::PathPoint> windows, std::span<const store::PathPoint> merged);
  void fill_totals(News& news) const;
  // Finds what fell silent or was not heard of for so long that it is forgotten, and says when to look again.
  void sweep(MonotonicTime now, News& news);
  void sweep_after(MonotonicTime time) { quiet_until = std::min(quiet_until, time); }
  [[nodiscard]] ProbeView probe_view(const LiveProbe& probe) const;
  [[nodiscard]] PathCounts counts() const;

  const Clock& clock;
  const Limits limits;
  LiveObserver* observer = nullptr;
  std::optional<ProbeId> no_probe;

  // Fair: the thread that tells of batches works through a queue, and asks for it again as soon as it let go.
  mutable FairMutex mutex;
  std::unordered_map<PathId, LivePath> paths;
  std::map<ProbeId, LiveProbe> probes;
  std::unordered_map<ProbeId, std::uint64_t> path_count;  // by probe
  LiveTests tests;
  std::deque<PathId> urgent;   // changed state since taken
  std::deque<PathId> routine;  // changed figures since taken
  std::uint64_t epoch = 1;     // rises when a path is forgotten
  // Until then nothing can fall silent: what arrives only puts it off. Looking at all paths four times a second took
  // a thirtieth of a busy collector.
  MonotonicTime quiet_until{};
};

}  // namespace gnomon::server
