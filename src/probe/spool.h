#pragma once

// The probe's batches on disk: one small file each, so that any of them can go without touching the others, and the
// notes (spool_format.h). What to store or drop is decided elsewhere (delivery.h).
//
// Durability: store() returns after the file's bytes and its name were synced; a crash in between leaves a ".new" file,
// which the next open removes. Forgetting what was delivered is not synced: a batch that comes back after a crash is
// sent again and found to be a duplicate. A file whose checksum is wrong is moved to "bad/", of which the newest
// kBadFiles are kept.
//
// One thread. The folder belongs to one process at a time (the probe's lock sees to it).

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "probe/delivery.h"
#include "segment/file_system.h"

namespace gnomon::probe {

class Spool {
 public:
  static constexpr std::size_t kBadFiles = 100;

  struct Damaged {
    std::uint64_t sequence = 0;
    std::string reason;
  };
  struct Found {
    std::vector<BatchRecord> records;  // in order of sequence
    std::vector<Damaged> damaged;      // still in place; hand each to Delivery::unreadable
    SpoolNotes notes;
  };

  // Makes the folder when there is none.
  static Result<Spool> open(segment::FileSystem& files, std::string folder, Found& found);

  Status store(const BatchRecord& record, std::string_view signed_batch);
  // The SignedBatch; kCorrupt when it is no longer what was stored.
  Result<std::string> load(std::uint64_t sequence);
  void forget(std::uint64_t sequence, bool durably);
  // Nothing happens when the file does not exist.
  void set_aside(std::uint64_t sequence);
  Status save(const SpoolNotes& notes);

 private:
  Spool(segment::FileSystem& files, std::string folder) : files_(&files), folder_(std::move(folder)) {}
  [[nodiscard]] std::string path_of(std::uint64_t sequence) const;
  Status open_notes(SpoolNotes& notes);
  Status secure_notes();
  void trim_bad();

  segment::FileSystem* files_;
  std::string folder_;
  std::unique_ptr<segment::File> notes_;
  std::uint64_t generation_ = 0;
};

}  // namespace gnomon::probe
