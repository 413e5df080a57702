#pragma once

// The transparency log over the journal: one leaf per journal record, in order, published as C2SP tlog-tiles with
// signed checkpoints in a folder that can be served as it stands (docs/spec/ledger.md).
//
// A tree is signed only when its records are durable in the journal and its tiles are on disk, and never one that is
// not an extension of the last signed one: open() refuses a journal that does not hold what was signed.
//
// publish() belongs to one thread at a time; everything else is thread-safe.

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.h"
#include "crypto/ed25519.h"
#include "journal/ledger_entry.h"
#include "journal/note.h"
#include "journal/tile.h"
#include "segment/file_system.h"

namespace gnomon::journal {

struct LedgerStatus {
  std::uint64_t size = 0;
  Digest root{};
  // Since this process signed; nothing before its first checkpoint.
  std::optional<WallTime> checkpoint_time;
};

class Ledger {
 public:
  // Up to `limit` leaves of consecutive journal records from `from` on, at least one when there is one.
  using EntrySource = std::function<Result<std::vector<LedgerEntry>>(std::uint64_t from, std::size_t limit)>;

  // `name`: the log's name and origin, used when the ledger is made; later the name it was made with stays.
  // `durable_records`: what the journal holds. Missing or damaged tiles are made anew from the journal.
  // kCorrupt when the journal holds less than was signed, or something else; kConflict for another key.
  static Result<std::unique_ptr<Ledger>> open(segment::FileSystem& files, const std::string& folder,
                                              const crypto::PrivateKey& key, const Clock& clock,
                                              const std::string& name, std::uint64_t durable_records,
                                              EntrySource source);

  // The leaf of a record that has just become durable: saves publish() from reading it back. Optional.
  void offer(const LedgerEntry& entry);
  // Adds the leaves of all records below `durable_records` and signs. Does nothing when there are no new ones.
  Status publish(std::uint64_t durable_records);

  [[nodiscard]] LedgerStatus status() const;
  [[nodiscard]] const VerifierKey& key() const { return verifier_; }

  // What stands under /ledger/: "checkpoint", "key", "tile/…". Partial tiles of any signed size are given. kNotFound
  // for anything else.
  [[nodiscard]] Result<std::string> resource(std::string_view path) const;

  // In a tree of `size`, at most the signed one.
  [[nodiscard]] Result<std::vector<Digest>> prove_inclusion(std::uint64_t index, std::uint64_t size) const;
  [[nodiscard]] Result<std::vector<Digest>> prove_consistency(std::uint64_t from, std::uint64_t to) const;

 private:
  Ledger(segment::FileSystem& files, std::string folder, const crypto::PrivateKey& key, const Clock& clock,
         VerifierKey verifier, EntrySource source);
  Status load(std::uint64_t durable_records);
  Status check_last_leaf() const;
  Status rebuild(std::uint64_t size);
  Status grow(std::uint64_t size);
  Status sign();
  void remove_partials(std::uint64_t size);
  Result<std::vector<LedgerEntry>> next_entries(std::uint64_t from, std::uint64_t limit);
  Status make_folder(const std::string& folder);
  Status store_tile(const TileId& tile, std::string_view content);
  Result<std::string> read_tile(const TileId& tile) const;
  Result<std::string> tile_resource(const TileId& tile) const;
  [[nodiscard]] TileBuilder::Sink sink();
  [[nodiscard]] TileBuilder::Source tiles() const;

  segment::FileSystem& files_;
  const std::string folder_;
  const crypto::PrivateKey key_;
  const Clock& clock_;
  const VerifierKey verifier_;
  const EntrySource source_;
  std::optional<TileBuilder> builder_;  // of publish(); none when it could not be read back after a failure
  std::set<std::string> folders_;       // of publish(): those whose names are durable

  mutable std::mutex offered_mutex_;
  std::deque<LedgerEntry> offered_;

  mutable std::mutex published_mutex_;  // also held while files that readers may want are removed
  LedgerStatus published_;
  std::string checkpoint_;  // the signed note of just that tree; the file is a moment ahead of it
};

}  // namespace gnomon::journal
