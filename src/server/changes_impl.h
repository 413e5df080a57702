#pragma once

// The inside of Changes, shared by changes.cc (what comes in and is asked for) and changes_publish.cc (how gathered
// changes become one).

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "server/change_file.h"
#include "server/change_fold.h"
#include "server/changes.h"

namespace gnomon::server {

inline constexpr std::size_t kProbeNews = 5;

using PathFold = ChangeFold<PathId, PathTransition>;
using ProbeFold = ChangeFold<ProbeId, ProbeTransition>;

// A link that failed or was set, and when.
struct LinkNews {
  LinkAction action = LinkAction::kFail;
  WallTime at;
};

class Changes::Impl {
 public:
  Impl(Options the_options, const Clock& the_clock) : options(std::move(the_options)), clock(the_clock) {}

  Status load();
  void publish(Change change);
  void publish_trouble();
  void publish_relief();
  void publish_probes(ProbeNews news);
  void settle(bool all);
  [[nodiscard]] analysis::GroupContext context(const PathFold& fold) const;
  void name_link(analysis::GroupContext& context, const PathFold& fold) const;
  [[nodiscard]] static ChangeSubject subject(const PathFold& fold);
  // Calls the listener for what was published meanwhile; `speaking` is held, `mutex` is not.
  void speak();

  const Options options;
  const Clock& clock;
  std::function<void(const Change&)> listener;
  const RegionControl* region = nullptr;

  std::mutex speaking;  // taken before `mutex`, so that listeners hear in order
  mutable std::mutex mutex;
  std::optional<ChangeFile> file;
  bool write_failed = false;
  std::map<std::uint64_t, Change> held;
  std::uint64_t next_id = 1;
  std::vector<Change> unspoken;
  PathFold trouble, relief;
  std::array<ProbeFold, kProbeNews> probe_news;
  std::map<std::string, LinkNews> links;
};

}  // namespace gnomon::server
