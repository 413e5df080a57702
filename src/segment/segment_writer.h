#pragma once

// The newest segment file: writes one group at a time and makes it durable. Belongs to one thread (of Log).

#include <memory>
#include <optional>
#include <string>

#include "core/error.h"
#include "segment/file_system.h"
#include "segment/log.h"

namespace gnomon::segment {

class SegmentWriter {
 public:
  SegmentWriter(FileSystem& files, std::string folder, std::uint64_t segment_bytes)
      : files_(files), folder_(std::move(folder)), segment_bytes_(segment_bytes) {}

  // Goes on at the end of an existing segment.
  Status resume(const SegmentStatus& segment, bool has_records);

  // Writes and syncs; starts a new segment when this one is full or there is none. On failure nothing of the group
  // stays, or, if that cannot be assured, every later call fails too.
  Status commit(std::uint64_t first_record, std::span<const std::byte> group);

  [[nodiscard]] const SegmentStatus& segment() const { return segment_; }

 private:
  Status start_segment(std::uint64_t base_record);
  // Each returns `why`. If what is to go cannot be removed for good, nothing is accepted any more.
  Status withdraw(const std::string& path, const Error& why);  // a segment that could not be started
  Status take_back(const Error& why);                          // a group that could not be written
  Status distrust(Error why);

  FileSystem& files_;
  std::string folder_;
  std::uint64_t segment_bytes_;
  std::unique_ptr<File> file_;
  SegmentStatus segment_;
  bool has_records_ = false;
  std::optional<Error> distrusted_;
};

}  // namespace gnomon::segment
