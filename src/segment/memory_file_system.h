#pragma once

// Files in memory that fail as real ones do: for tests, chaos and the simulator. Thread-safe.
//
// The model of a loss of power: synced bytes and names stay. Of what was changed since, any part stays, as `Loss` says:
// writes in part or not at all and in any order, files that were made, renamed or removed under their old or new name,
// folders with everything in them. After a failed sync, what it should have made durable is read as before and lost
// with the power, even if a later sync succeeds (LWN 752063, "fsyncgate"). A rename is one change: never both names,
// never none.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/random.h"
#include "segment/file_system.h"

namespace gnomon::segment {

// What stays of the changes that were not synced.
enum class Loss : std::uint8_t {
  kNothing,  // all of them: the process ended, the machine did not
  kAll,      // none
  kTail,     // those before some moment
  kSome,     // some, whatever their order
  kTorn,     // some, and those in part
};

class MemoryFileSystem final : public FileSystem {
 public:
  MemoryFileSystem();
  ~MemoryFileSystem() override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Status create_folder(const std::string& folder) override;
  Status rename(const std::string& from, const std::string& to) override;
  Status remove(const std::string& path) override;
  Status sync_directory(const std::string& folder) override;
  Result<std::uint64_t> free_bytes(const std::string& folder) override;

  // Everything fails from now on, or after that many more operations that change something, until restart(): the
  // program that still runs is dead to the world.
  void cut_power(std::uint64_t after_operations = 0);
  [[nodiscard]] bool is_off() const;
  // What a machine finds when it comes up again. Files still open must not be used further.
  void restart(Loss loss, Random& random);
  // Loss of power and restart at once, with Loss::kTorn.
  void crash(Random& random) { restart(Loss::kTorn, random); }

  // ENOSPC as soon as all files together would pass this; a write is done as far as it fits.
  void set_capacity(std::uint64_t bytes);
  // The next `count` syncs of files fail with EIO.
  void fail_syncs(int count);
  void fail_writes(int count);
  void fail_reads(int count);
  // Changes stored bytes in place, as a bad disk does.
  void flip(const std::string& path, std::uint64_t offset, std::byte mask);

  // Called before every operation that changes something, with all that came before done.
  void before_operation(std::function<void()> hook);
  // Files of its own with the same content and the same unsynced changes.
  [[nodiscard]] std::unique_ptr<MemoryFileSystem> clone() const;
  // All files, sorted.
  [[nodiscard]] std::vector<std::string> paths() const;

  [[nodiscard]] std::uint64_t sync_count() const;  // of files and folders
  [[nodiscard]] std::uint64_t operations() const;  // that changed something or tried to

 private:
  struct Shared;
  class OpenFile;
  std::shared_ptr<Shared> shared_;
};

}  // namespace gnomon::segment
