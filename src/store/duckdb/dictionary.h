#pragma once

// The paths and probes of the store, whole in memory and mirrored in tables `path`, `path_seen` and `probe`.
//
// Rows of level tables name a path by its place here. Not thread-safe: the store guards it.

#include <shared_mutex>
#include <unordered_map>
#include <unordered_set>

#include "store/duckdb/connection.h"
#include "store/path_dictionary.h"

namespace gnomon::store::duckdb {

class Dictionary {
 public:
  // Reads the tables. Raw windows of run `seen_run` and later are newer than `path_seen`.
  static Result<Dictionary> load(Connection& connection, std::int64_t seen_run);
  static Status create_tables(Connection& connection);

  // Adds what the batch says; returns the place of each of its paths, until the next call.
  std::span<const std::int32_t> take(const AppliedBatch& batch);
  void see(std::int32_t path, std::int64_t start_ms) { paths_.see(path, start_ms); }

  // Writes what take() changed since the last written(), in the caller's transaction.
  Status write(Connection& connection) const;
  // The transaction of write() is in the file.
  void written();
  // Writes when each path was last seen, which `load` then need not gather from the raw rows. Takes `guard` for some
  // paths at a time, so that take() goes on meanwhile.
  Status write_seen(Connection& connection, std::shared_mutex& guard) const;

  [[nodiscard]] const PathDictionary& paths() const { return paths_; }
  [[nodiscard]] const std::vector<ProbeRecord>& probes() const { return probes_; }
  [[nodiscard]] std::optional<std::int32_t> find(PathId id) const { return paths_.find(id); }

 private:
  // The list of paths that a probe sent last: probes send the same one again and again.
  struct KnownList {
    crypto::Sha256Digest digest{};
    std::string site;
    std::vector<std::int32_t> places;
  };
  void take_paths(const AppliedBatch& batch, std::vector<std::int32_t>& places);
  void take_header(const AppliedBatch& batch);
  Status write_paths(Connection& connection) const;
  Status write_probes(Connection& connection) const;
  Status load_paths(Connection& connection, std::int64_t seen_run);
  Status load_probes(Connection& connection);

  PathDictionary paths_;
  std::size_t paths_written_ = 0;                   // those from here on are not in the table
  std::unordered_set<std::int32_t> changed_paths_;  // of those below, what the table has otherwise
  std::vector<ProbeRecord> probes_;
  std::unordered_map<ProbeId, std::size_t> probe_places_;
  std::unordered_set<std::size_t> changed_probes_;
  std::unordered_map<ProbeId, KnownList> lists_;
};

}  // namespace gnomon::store::duckdb
