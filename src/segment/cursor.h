#pragma once

// Reads the records of one segment file in order, in chunks. Belongs to one thread.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "segment/file_system.h"
#include "segment/format.h"

namespace gnomon::segment {

class SegmentCursor {
 public:
  struct Record {
    std::span<const std::byte> payload;  // valid until the next call
    std::uint64_t offset = 0;            // of the record's header in the file
    bool starts_group = false;
  };
  using Next = tl::expected<std::optional<Record>, DecodeError>;

  // Opens the file and reads its header. kCorrupt when the header is bad, kUnsupported when it is of a newer version.
  static Result<SegmentCursor> open(FileSystem& files, const std::string& path);

  [[nodiscard]] std::uint64_t base_record() const { return base_record_; }
  // Where the next record starts.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  void seek(std::uint64_t offset) { offset_ = offset; }

  // Nothing at the limit; an error, with the offset in the file, where the bytes before `limit` make no sense. Bytes at
  // or after `limit` are not looked at.
  Next next(std::uint64_t limit);
  // Why the last next() failed when the file could not be read; nothing when its bytes make no sense.
  [[nodiscard]] const std::optional<Error>& read_failure() const { return read_failure_; }
  // The same up to the end of the file as it is now.
  Next next();
  Result<std::uint64_t> file_bytes() { return file_->size(); }
  // Bytes [offset, offset + size), fewer at the end of the file. Valid until the next call. Nothing from `limit` on is
  // kept for later calls, since what stands there may be taken back and written anew.
  Result<std::span<const std::byte>> bytes(std::uint64_t offset, std::size_t size, std::uint64_t limit = UINT64_MAX);

 private:
  std::unique_ptr<File> file_;
  std::uint64_t base_record_ = 0;
  std::uint64_t offset_ = kHeaderBytes;
  std::vector<std::byte> buffer_;
  std::uint64_t buffer_offset_ = 0;
  std::size_t buffered_ = 0;
  std::optional<Error> read_failure_;
};

}  // namespace gnomon::segment
