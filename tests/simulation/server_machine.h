#pragma once

// The server's end: the real router, collector, key registry, disk guard, journal, ledger and applier, each stepped by
// the World instead of by its thread; tables in memory (memory_store.h).

#include <filesystem>
#include <memory>

#include "http/client.h"
#include "http/router.h"
#include "server/applier.h"
#include "server/batch_intake.h"
#include "server/collector.h"
#include "server/disk_guard.h"
#include "server/probe_registry.h"
#include "server/recent_batches.h"
#include "simulation/machine.h"
#include "simulation/memory_store.h"
#include "simulation/oracle.h"

namespace gnomon::simulation {

// The file of enrolled keys, on the machine that simulates, since the registry keeps it with its own means. One for a
// process; every run begins with all probes enrolled.
class Enrolment {
 public:
  explicit Enrolment(std::filesystem::path folder);
  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  void enrol_all();
  void remove(std::size_t probe);

 private:
  std::filesystem::path file_;
  bool all_ = false;
};

class ServerMachine final : public Machine {
 public:
  ServerMachine(World& w, Oracle& oracle, Enrolment& enrolment);
  ~ServerMachine() override;

  using Answer = std::function<void(const http::ClientResponse&)>;
  void handle(const http::ClientRequest& request, Answer answer);

  [[nodiscard]] MemoryStore& store() { return store_; }
  // At the next start: something that can be made anew is missing.
  void lose_index() { loses_index_ = true; }
  void lose_tile() { loses_tile_ = true; }
  void lose_tables() { loses_tables_ = true; }

  // Nothing while all is done.
  [[nodiscard]] std::string unrest() const;
  // The tables against the journal; then a clean end, and the checks that `gnomon verify` makes: of the ledger, and of
  // the whole folder if asked.
  void finish(bool whole_folder);

 private:
  struct Program;
  bool boot() override;
  void die() override;
  void after_crash() override;
  void lose_what_can_be_remade();
  void note_verdicts(const http::Request& request, const http::ClientResponse& response);
  void commit();
  bool read_journal();  // false while the disk cannot be read
  void maintain();
  void see_checkpoint();
  void tell_observers();
  void apply();
  void wake_applier();

  Oracle& oracle_;
  Enrolment& enrolment_;
  MemoryStore store_;
  journal::JournalOptions journal_options_;
  server::CollectorOptions collector_options_;
  std::size_t recent_bytes_ = 0;  // what RecentBatches may hold
  server::DiskGuardOptions disk_options_;
  std::unique_ptr<Program> program_;
  std::string seen_checkpoint_;
  bool loses_index_ = false;
  bool loses_tile_ = false;
  bool loses_tables_ = false;
  bool tiles_are_lost_ = false;  // until the program has made them anew
};

}  // namespace gnomon::simulation
