#pragma once

// Files in memory that fail as real ones do: for tests, chaos and the simulator. Thread-safe.
//
// The model of a crash: synced bytes stay. Of the writes since the last sync each is kept, lost, or kept in part (a
// prefix), by the given randomness, independently of their order; so is the last change of a file's size. A file made,
// renamed or removed since the last sync of its folder may or may not have been.

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "core/random.h"
#include "segment/file_system.h"

namespace gnomon::segment {

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status create_folders(const std::string& folder) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& folder) override;
  Result<std::uint64_t> free_bytes(const std::string& folder) override;

  // What a machine finds after losing power now. Files still open keep the lost state and must not be used further.
  void crash(Random& random);
  // ENOSPC as soon as all files together would pass this; a write is done as far as it fits.
  void set_capacity(std::uint64_t bytes);
  // The next `count` syncs of files fail with EIO.
  void fail_syncs(int count);
  void fail_writes(int count);
  // Changes stored bytes in place, as a bad disk does.
  void flip(const std::string& path, std::uint64_t offset, std::byte mask);

  [[nodiscard]] std::uint64_t sync_count() const;

 private:
  struct Inode;
  struct Shared;
  class OpenFile;
  std::shared_ptr<Shared> shared_;
};

}  // namespace gnomon::segment
