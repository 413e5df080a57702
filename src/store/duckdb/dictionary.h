#pragma once

// The paths and probes of the store, whole in memory and mirrored in tables `path`, `path_seen` and `probe`.
//
// Rows of level tables name a path by its place here. Not thread-safe: the store guards it.

#include <unordered_map>
#include <unordered_set>

#include "store/duckdb/connection.h"
#include "store/store.h"

namespace gnomon::store::duckdb {

class Dictionary {
 public:
  // Reads the tables. Window starts of raw rows from record `rolled` on are newer than `path_seen`.
  static Result<Dictionary> load(Connection& connection, std::uint64_t rolled);
  static Status create_tables(Connection& connection);

  // Adds what the batch says; returns the place of each of its paths, until the next call.
  const std::vector<std::int32_t>& take(const AppliedBatch& batch);
  void see(std::int32_t path, std::int64_t start_ms);

  // Writes what take() changed since the last write, in the caller's transaction.
  Status write(Connection& connection);
  // Writes when each path was last seen, which `load` then need not gather from the raw rows.
  Status write_seen(Connection& connection) const;

  [[nodiscard]] const std::vector<PathRecord>& paths() const { return paths_; }
  [[nodiscard]] const std::vector<ProbeRecord>& probes() const { return probes_; }
  [[nodiscard]] std::optional<std::int32_t> find(PathId id) const;
  [[nodiscard]] std::int64_t newest_start_ms() const { return newest_start_ms_; }

 private:
  // The paths that a probe sent last, so that its next batch need not be taken apart.
  struct KnownTable {
    crypto::Sha256Digest digest{};
    std::string site;
    std::vector<std::int32_t> places;
  };
  void take_probe(const AppliedBatch& batch);
  std::int32_t take_path(const AppliedBatch& batch, const PathFields& path, WallTime first_start);
  Status load_paths(Connection& connection, std::uint64_t rolled);
  Status load_probes(Connection& connection);

  std::vector<PathRecord> paths_;
  std::unordered_map<PathId, std::int32_t> path_places_;
  std::vector<ProbeRecord> probes_;
  std::unordered_map<ProbeId, std::size_t> probe_places_;
  std::unordered_map<ProbeId, KnownTable> tables_;
  std::unordered_set<std::int32_t> changed_paths_;
  std::unordered_set<std::size_t> changed_probes_;
  std::int64_t newest_start_ms_ = 0;
};

}  // namespace gnomon::store::duckdb
