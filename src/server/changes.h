#pragma once

// What changed, newest first: kept in memory and in DATA/changes/changes.jsonl, so that a restart keeps it.
//
// Paths that break, degrade or recover within 15 s of each other become one change. It is published about a second
// after its first path and published again, under the same id, while it grows; a reader replaces what it has under that
// id. On disk each publication is a line and the last of an id holds; the file is rewritten when it has twice as many
// lines as changes are kept. A line that cannot be read (a torn one after a crash) is skipped.
//
// Thread-safe. The listener is called without a lock held, in the order of publication.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/figure_text.h"
#include "core/clock.h"
#include "core/error.h"
#include "server/live_events.h"
#include "server/live_state.h"
#include "server/region_control.h"

namespace gnomon::server {

enum class ChangeKind : std::uint8_t {
  kPathBroken,
  kPathRestored,
  kPathDegraded,
  kGroupBroken,
  kGroupRestored,
  kGroupDegraded,
  kProbeSilent,
  kProbeBack,
  kProbeNew,
  kProbeSick,
  kProbeWell,
  kLinkFailed,
  kLinkHealed,
  kLinkSet,
  kDropped,
  kKeyRefused,
};
std::string_view to_string(ChangeKind kind);
std::optional<ChangeKind> parse_change_kind(std::string_view word);

struct ChangeSubject {
  std::vector<PathId> paths;  // all of a group; one of a path's own change
  std::uint64_t total = 0;    // paths known then; 0 when it is about no path
  std::optional<ProbeId> probe;
  std::string link;
  std::string site;
  std::string target_site;
  int family = 0;
};

struct Change {
  std::uint64_t id = 0;  // from 1, rising, kept across restarts
  WallTime at;
  ChangeKind kind = ChangeKind::kPathBroken;
  ChangeSubject subject;
  Text text;
};

class Changes final : public LiveObserver {
 public:
  struct Options {
    std::filesystem::path folder;  // created; empty: kept in memory only
    std::size_t keep = 5000;
    analysis::Zone zone;
  };

  static Result<std::unique_ptr<Changes>> open(Options options, const Clock& clock);
  ~Changes() override;

  void set_listener(std::function<void(const Change&)> listener);  // before anything is reported
  // Asked for the links of a route when a group is named; may stay unset. Outlives this.
  void set_region(const RegionControl* region);

  void paths_changed(const std::vector<PathTransition>& transitions) override;
  void probe_changed(const ProbeTransition& transition) override;
  void windows_dropped(const ProbeView& probe, const store::DroppedRange& range) override;
  void link_changed(const LinkEvent& event);
  // Once for each key, not for each of its batches.
  void key_refused(std::string_view public_key_hex, std::string_view name);
  // Publishes groups that are due. A few times a second.
  void tick();

  // Newest first; `before`: only smaller ids.
  [[nodiscard]] std::vector<Change> list(std::size_t limit, std::optional<std::uint64_t> before = {}) const;
  // Of that time, oldest first, that are about this path, its probe or any link.
  [[nodiscard]] std::vector<Change> about(PathId path, const ProbeId& probe, WallTime from, WallTime to) const;
  // Paths whose newest change says broken or degraded.
  [[nodiscard]] std::vector<LiveState::Troubled> troubled() const;

 private:
  class Impl;
  explicit Changes(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gnomon::server
