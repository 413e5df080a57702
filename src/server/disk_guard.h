#pragma once

// Says no before the disk is full, so that the tables and the ledger can still be written, and says yes again by
// itself.
//
// It refuses below `reserve` free bytes and takes again above 1.5 times that; it also refuses for `pause` after the
// journal could not write, then lets one more try through. The file system is asked at most once a second. Thread-safe.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::server {

struct DiskGuardOptions {
  std::uint64_t reserve = 64UL * 1024 * 1024;
  Nanoseconds pause = std::chrono::seconds(2);
  Nanoseconds interval = std::chrono::seconds(1);
};

class DiskGuard {
 public:
  using FreeBytes = std::function<std::optional<std::uint64_t>()>;
  DiskGuard(FreeBytes free_bytes, const Clock& clock, DiskGuardOptions options = {});
  // Of the file system that holds `folder`.
  static FreeBytes of(std::filesystem::path folder);

  // What to tell a probe; nothing when there is room.
  std::optional<std::string> refusal();
  void note_failure(const Error& error);
  void note_success();
  [[nodiscard]] bool refusing();
  [[nodiscard]] std::uint64_t free_bytes();

 private:
  void look_locked();
  const FreeBytes ask_;
  const Clock& clock_;
  const DiskGuardOptions options_;
  std::mutex mutex_;
  std::uint64_t free_ = 0;
  bool low_ = false;
  std::optional<MonotonicTime> looked_;
  std::optional<MonotonicTime> failed_;
};

}  // namespace gnomon::server
