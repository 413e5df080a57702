#pragma once

// One process for one folder: an exclusive flock(2) on FOLDER/lock, which holds the owner's process id as text. The
// kernel frees it when the process ends, however it ends. Movable; freed by the destructor.

#include <string>

#include "core/error.h"

namespace gnomon::journal {

class FolderLock {
 public:
  // Makes the folder when it is missing. kConflict "another gnomon (pid N) uses DIR".
  static Result<FolderLock> acquire(const std::string& folder);
  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace gnomon::journal
