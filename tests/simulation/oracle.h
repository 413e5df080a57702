#pragma once

// What must hold at the end of every history, and sometimes in the middle of it.
//
// The oracle sees both ends from outside: what the probe measured, stored, dropped and forgot, and what the server made
// durable and acknowledged. It knows nothing of how either decides.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "simulation/wire_text.h"

namespace gnomon::simulation {

class Oracle {
 public:
  // Probe's side.
  void stored(const std::string& batch);  // the spool said that it is durable
  void spool_damaged(std::uint64_t sequence) { damaged_.insert(sequence); }
  void crashed_while_disk_refused() { loose_dropped_ = true; }
  void forgot(std::uint64_t sequence, bool acknowledged);
  // Server's side.
  void applied(const std::string& batch);     // durable in the journal, from which tables follow
  void acknowledged(std::uint64_t sequence);  // an answer that says so has left the server
  void journal_lost(std::uint64_t sequence);  // a crash took it: must never have been acknowledged

  // After everything was healed and ran until nothing moved. Empty: all is well.
  [[nodiscard]] std::string verdict() const;
  [[nodiscard]] const std::string& first_violation() const { return violation_; }
  [[nodiscard]] std::size_t batches_applied() const { return server_.size(); }
  [[nodiscard]] std::size_t ranges_reported() const { return reported_.size(); }

 private:
  void violate(std::string what);
  [[nodiscard]] std::string doubled_report() const;

  std::map<std::uint64_t, std::string> durable_;  // last batch that the spool held under this number
  std::map<std::uint64_t, std::string> server_;
  std::set<std::uint64_t> acknowledged_;
  std::set<std::uint64_t> damaged_;
  std::set<WindowId> applied_windows_;
  struct Report {
    std::uint64_t by = 0;  // the batch that carried it
    probe::DroppedRange range;
  };
  std::vector<Report> reported_;
  bool loose_dropped_ = false;
  std::string violation_;
};

}  // namespace gnomon::simulation
