#pragma once

// What changed, as a sentence that names what the changed paths have in common. Pure functions; both languages are
// written by themselves, not word by word.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "analysis/figure_text.h"
#include "analysis/path_state.h"

namespace gnomon::analysis {

// A path as people name it. Empty sites are not known.
struct PathNames {
  std::string source;  // the vantage: its site, with the access behind it where it has several ("gz-5g")
  std::string source_site;
  std::string target;
  std::string target_site;
  std::string method;
  int family = 0;  // 4 or 6
  friend bool operator==(const PathNames&, const PathNames&) = default;
};

// "gz-5g → dc-1 over IPv6 by stamp", "gz-5g → dc-1（IPv6，stamp）"
Text path_text(const PathNames& path);

// One path and what became of it.
struct PathTrouble {
  PathNames names;
  Verdict verdict;  // broken or degraded; good when it was restored
};

struct GroupContext {
  std::size_t total = 0;     // paths that are known
  std::size_t methods = 1;   // in use: a single one need not be named
  std::size_t families = 1;  // in use
  WallTime since;            // of the first
  Zone zone;
  // A link of the lab that was changed just before, and since when it is down.
  std::string link;
  std::optional<WallTime> link_failed;
  bool link_shared_by_all = true;  // every one of the paths crosses it
};

// "gz-5g → dc-1 over IPv6 by stamp lost everything since 10:32:10 UTC."
Text trouble_text(const PathTrouble& path, Zone zone);
// "14 of 380 paths lost since 10:32:10 UTC: all to dc-2 over IPv6."
Text group_trouble_text(std::span<const PathTrouble> paths, const GroupContext& context);

// `trouble`: how long it lasted, when known.
Text restored_text(const PathNames& path, std::optional<Nanoseconds> trouble);
Text group_restored_text(std::span<const PathNames> paths, const GroupContext& context);

// What all paths have in common, as an ending: "all to dc-2 over IPv6". Never empty.
Text common_factor(std::span<const PathNames> paths, const GroupContext& context);

// "gz-fixed → dc-1 over IPv6 by stamp: 8.21 ms median, 0 % lost over the last minute; good since 09:12 UTC."
struct PathMoment {
  PathNames names;
  PathState state = PathState::kUnknown;
  WallTime since;
  std::uint64_t sent = 0;  // over the last minute
  double loss_ratio = 0;
  std::optional<Nanoseconds> rtt_p50;
};
Text moment_text(const PathMoment& path, Zone zone);

}  // namespace gnomon::analysis
