#include "server/disk_guard.h"

#include <sys/statvfs.h>

#include <limits>

#include "core/log.h"

namespace gnomon::server {

DiskGuard::DiskGuard(FreeBytes free_bytes, const Clock& clock, DiskGuardOptions options)
    : ask_(std::move(free_bytes)), clock_(clock), options_(options) {}

DiskGuard::FreeBytes DiskGuard::of(std::filesystem::path folder) {
  return [folder = std::move(folder)]() -> std::optional<std::uint64_t> {
    struct statvfs status {};
    if (::statvfs(folder.c_str(), &status) != 0) return std::nullopt;
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
  };
}

void DiskGuard::look_locked() {
  const MonotonicTime now = clock_.now();
  if (looked_ && now - *looked_ < options_.interval) return;
  looked_ = now;
  free_ = ask_().value_or(std::numeric_limits<std::uint64_t>::max());
  const bool was_low = low_;
  low_ = free_ < (was_low ? options_.reserve + options_.reserve / 2 : options_.reserve);
  if (low_ && !was_low) {
    log::error("disk almost full: {} MiB left, batches are refused until there are {} MiB; free some space",
               free_ >> 20, (options_.reserve + options_.reserve / 2) >> 20);
  }
  if (was_low && !low_) log::info("disk has room again: {} MiB, batches are taken", free_ >> 20);
}

std::optional<std::string> DiskGuard::refusal() {
  const std::lock_guard lock(mutex_);
  look_locked();
  if (low_) {
    return fmt::format("the server's disk is almost full ({} MiB left); free some space there, it recovers by itself",
                       free_ >> 20);
  }
  if (failed_ && clock_.now() - *failed_ < options_.pause) {
    return "the server's disk is full; free some space there, it recovers by itself";
  }
  return std::nullopt;
}

void DiskGuard::note_failure(const Error& error) {
  if (error.code != ErrorCode::kExhausted) return;
  const std::lock_guard lock(mutex_);
  if (!failed_) log::error("the journal refuses: {}", error.message());
  failed_ = clock_.now();
}

void DiskGuard::note_success() {
  const std::lock_guard lock(mutex_);
  if (failed_) log::info("the journal takes batches again");
  failed_.reset();
}

bool DiskGuard::refusing() {
  const std::lock_guard lock(mutex_);
  look_locked();
  return low_ || failed_.has_value();
}

std::uint64_t DiskGuard::free_bytes() {
  const std::lock_guard lock(mutex_);
  look_locked();
  return free_;
}

}  // namespace gnomon::server
