#include "journal/folder_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "segment/file_system.h"

namespace gnomon::journal {

namespace {

tl::unexpected<Error> in_use(int fd, const std::string& folder) {
  char text[16] = {};
  const ssize_t size = ::pread(fd, text, sizeof text - 1, 0);
  std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  if (const auto end = pid.find('\n'); end != std::string::npos) pid.resize(end);
  return failure(ErrorCode::kConflict, "open data folder", folder,
                 fmt::format("another gnomon (pid {}) uses {}", pid.empty() ? "unknown" : pid, folder),
                 "stop that one, or name another folder with --data");
}

}  // namespace

Result<FolderLock> FolderLock::acquire(const std::string& folder) {
  if (auto made = segment::real_file_system().create_folders(folder); !made) return tl::unexpected(made.error());
  const std::string path = folder + "/lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return errno_failure(errno, "open lock file", path);
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return in_use(fd, folder);
    return errno_failure(errno, "lock", path);
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) {
    return errno_failure(errno, "write lock file", path);
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace gnomon::journal
