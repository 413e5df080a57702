#pragma once

// For tests: a file system that lets something happen in the middle of somebody's reading or writing.

#include <functional>
#include <utility>

#include "segment/file_system.h"

namespace gnomon::journal {

class MeddlingFiles final : public segment::FileSystem {
 public:
  using Meddle = std::function<void(const std::string& path)>;
  explicit MeddlingFiles(segment::FileSystem& files) : files_(files) {}

  Meddle before_open;
  Meddle after_rename;  // told the new name

  Result<std::unique_ptr<segment::File>> open(const std::string& path, segment::OpenMode mode) override {
    if (before_open) before_open(path);
    return files_.open(path, mode);
  }
  Result<std::vector<std::string>> list(const std::string& folder) override { return files_.list(folder); }
  Status create_folder(const std::string& folder) override { return files_.create_folder(folder); }
  Status rename(const std::string& from, const std::string& to) override {
    auto done = files_.rename(from, to);
    if (after_rename) after_rename(to);
    return done;
  }
  Status remove(const std::string& path) override { return files_.remove(path); }
  Status sync_directory(const std::string& folder) override { return files_.sync_directory(folder); }
  Result<std::uint64_t> free_bytes(const std::string& folder) override { return files_.free_bytes(folder); }

 private:
  segment::FileSystem& files_;
};

}  // namespace gnomon::journal
