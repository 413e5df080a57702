#pragma once

// The seam between durable files and the operating system, so that lost, torn and reordered writes, a full disk and a
// failing one are played in-process (segment/memory_file_system.h).
//
// FileSystem is thread-safe; a File belongs to one thread at a time. What write_at() wrote is durable only after
// sync(); a file that was created, renamed or removed only after sync_directory() of its folder. All paths are absolute
// or relative to the working folder, as given.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"

namespace gnomon::segment {

class File {
 public:
  virtual ~File() = default;
  // Fewer bytes than asked only at the end of the file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> out) = 0;
  // All or an error; after an error any part may have been written.
  virtual Status write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  virtual Status sync() = 0;
  virtual Status truncate(std::uint64_t size) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

enum class OpenMode : std::uint8_t {
  kRead,
  kReadWrite,
  kCreate,  // new or emptied, readable and writable
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
  // Names of the files (not folders) in a folder, sorted; kNotFound when there is no such folder.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  // One folder; nothing happens when it is there. kNotFound when the one above is missing.
  virtual Status create_folder(const std::string& folder) = 0;
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;
  virtual Status sync_directory(const std::string& folder) = 0;
  // Bytes that can still be written.
  virtual Result<std::uint64_t> free_bytes(const std::string& folder) = 0;

  // Makes the folder and those above it that are missing; their names, and this folder's in any case, are durable
  // then.
  Status create_folders(const std::string& folder);
  // Whole small files, built from the above.
  Result<std::string> read_file(const std::string& path);
  // Old or new content whatever happens: temporary file, sync, rename, sync of the folder.
  Status replace_file(const std::string& path, std::string_view content);
};

// The machine's own files; one object for the whole program.
FileSystem& real_file_system();

}  // namespace gnomon::segment
