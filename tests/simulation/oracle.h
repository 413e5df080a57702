#pragma once

// What must hold in every run, seen from outside: what probes measured and sent, what servers said, what lies in the
// journal, the ledger and the tables. It knows nothing of how any of them decides. Broken promises go to the World.
//
//   acknowledged      a batch that was acknowledged is in the journal, from that moment on and after every crash
//   once              no (probe, sequence) is in the journal twice, no window in the tables twice
//   same bytes        one (probe, sequence) never means two contents, on the wire or in the journal
//   journal kept      what the journal held durably, it holds for ever, in that order
//   one tree          every checkpoint that anybody could see is of the journal's own tree: no fork, no other order
//   accounted         what was safe in a spool arrives or is reported as dropped, and no number is missing unexplained
//   patience          a probe that was told to wait does wait, on its monotonic clock

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/ids.h"
#include "journal/journal.h"
#include "journal/note.h"
#include "probe/batch_maker.h"
#include "simulation/world.h"

namespace gnomon::simulation {

using WindowId = std::uint32_t;

class Oracle {
 public:
  explicit Oracle(World& world) : world_(world) {}

  // The probe's side. `life` numbers the runs of its program.
  void closed(const ProbeId& probe, const probe::MadeBatch& batch, std::vector<WindowId> windows, std::uint64_t life);
  void safe(const ProbeId& probe, std::uint64_t sequence);  // durable in the spool
  void sent(const ProbeId& probe, std::uint64_t sequence, std::string_view signed_batch);
  void life_ended(const ProbeId& probe, std::uint64_t life) { ended_lives_.insert({probe, life}); }
  void unreadable(const ProbeId& probe) { unreadable_.insert(probe); }  // its disk could not be read at times

  // The server's side.
  void acknowledged(const ProbeId& probe, std::uint64_t sequence, std::string_view signed_batch);
  void journalled(const journal::JournalEntry& entry);
  // The next entries are those of a journal that was opened again.
  void reopened() { next_ = 0; }
  // All entries were read.
  void read_through();
  void told(const ProbeId& probe, std::uint64_t sequence);  // an observer, in this run of the server
  void server_started() { next_told_.reset(); }
  // Anybody could see it; judged when all records behind it were read.
  void checkpoint(std::string_view note);
  void tables(std::uint64_t position, const std::unordered_map<WindowId, int>& windows);

  // When everything has come to rest. `dropped`: windows that the probe says it dropped; nothing when its program has
  // ended in between, since it forgot then.
  void finish(const ProbeId& probe, std::optional<std::uint64_t> dropped);
  [[nodiscard]] std::size_t records() const { return records_.size(); }
  [[nodiscard]] std::size_t windows() const { return windows_journalled_; }
  [[nodiscard]] std::size_t checkpoints() const { return checkpoints_; }
  [[nodiscard]] std::size_t ranges() const { return ranges_; }

 private:
  struct Version {
    std::uint64_t hash = 0;
    std::vector<WindowId> windows;
    std::vector<probe::DroppedRange> carried;
    std::uint64_t life = 0;
    bool is_safe = false;
  };
  struct Book {  // of one probe
    std::map<std::uint64_t, std::vector<Version>> versions;
    std::map<std::uint64_t, std::uint64_t> sent;  // hash by sequence
  };
  struct Record {
    ProbeId probe;
    std::uint64_t sequence = 0;
    std::uint64_t hash = 0;
  };
  using Key = std::pair<ProbeId, std::uint64_t>;

  void judge_checkpoints();
  void grow_tree(const journal::JournalEntry& entry);
  [[nodiscard]] const Version* version_of(const Record& record) const;
  struct Report {
    std::uint64_t by = 0;
    probe::DroppedRange range;
  };
  [[nodiscard]] std::vector<Report> reports_of(const ProbeId& probe) const;
  void check_accounts(const ProbeId& probe, const std::vector<Report>& reports);
  void check_counts(const ProbeId& probe, const std::vector<Report>& reports, std::uint64_t dropped);

  World& world_;
  std::map<ProbeId, Book> books_;
  std::set<std::pair<ProbeId, std::uint64_t>> ended_lives_;
  std::set<ProbeId> unreadable_;
  std::vector<Record> records_;
  std::map<Key, std::size_t> stored_;          // record by number
  std::map<Key, std::uint64_t> acknowledged_;  // hash
  std::vector<Key> new_acknowledgements_;
  std::size_t next_ = 0;  // the record that is read next
  std::optional<std::size_t> next_told_;
  // Of complete subtrees from left to right, and the root after each record.
  std::vector<std::pair<unsigned, journal::Digest>> subtrees_;
  std::vector<journal::Digest> roots_{journal::empty_root()};
  std::vector<journal::Checkpoint> unjudged_;
  std::size_t checkpoints_ = 0;
  std::size_t windows_journalled_ = 0;
  std::size_t ranges_ = 0;
};

}  // namespace gnomon::simulation
