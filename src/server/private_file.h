#pragma once

// Small files that only their owner may read (mode 0600), shared between a running server and the command line.
//
// replace_private_file leaves the old or the new content, whatever happens. FileLock (flock(2) on NAME.lock) keeps two
// programs from overwriting each other's change. FileStamp tells whether a file was replaced since it was read.

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <tuple>

#include "core/error.h"

namespace gnomon::server {

Result<std::string> read_private_file(const std::filesystem::path& file);  // kNotFound when there is none
Status replace_private_file(const std::filesystem::path& file, std::string_view content);

struct FileStamp {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};
FileStamp stamp_of(const std::filesystem::path& file);  // all zero when there is none

// Waits for the lock, holds it until destroyed.
class FileLock {
 public:
  static Result<FileLock> take(const std::filesystem::path& file);
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace gnomon::server
