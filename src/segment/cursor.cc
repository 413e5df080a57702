#include "segment/cursor.h"

namespace gnomon::segment {

namespace {

constexpr std::size_t kChunkBytes = 256 << 10;

}  // namespace

Result<SegmentCursor> SegmentCursor::open(FileSystem& files, const std::string& path) {
  auto file = files.open(path, OpenMode::kRead);
  if (!file) return tl::unexpected(file.error());
  SegmentCursor cursor;
  cursor.file_ = *std::move(file);
  const auto header = cursor.bytes(0, kHeaderBytes, kHeaderBytes);  // what follows may still be taken back
  if (!header) return tl::unexpected(header.error());
  const auto base = decode_header(*header);
  if (!base) {
    const bool newer = base.error().offset == 8;
    return failure(newer ? ErrorCode::kUnsupported : ErrorCode::kCorrupt, "read segment", path,
                   fmt::format("{} (byte {})", base.error().reason, base.error().offset),
                   newer ? "use the gnomon that wrote it, or a newer one" : "restore the file from a copy");
  }
  cursor.base_record_ = *base;
  return cursor;
}

Result<std::span<const std::byte>> SegmentCursor::bytes(std::uint64_t offset, std::size_t size, std::uint64_t limit) {
  const bool inside = offset >= buffer_offset_ && offset + size <= buffer_offset_ + buffered_;
  if (!inside) {
    buffer_.resize(std::min<std::uint64_t>(std::max(size, kChunkBytes), limit - offset));
    const auto read = file_->read_at(offset, buffer_);
    if (!read) return tl::unexpected(read.error());
    buffer_offset_ = offset;
    buffered_ = *read;
  }
  const std::size_t at = offset - buffer_offset_;
  return std::span<const std::byte>(buffer_).subspan(at, std::min(size, buffered_ - at));
}

SegmentCursor::Next SegmentCursor::next() {
  const auto size = file_->size();
  if (!size) {
    read_failure_ = size.error();
    return tl::unexpected(DecodeError{"file size cannot be read", offset_});
  }
  return next(*size);
}

SegmentCursor::Next SegmentCursor::next(std::uint64_t limit) {
  if (offset_ >= limit) return std::optional<Record>();
  read_failure_.reset();
  const auto unreadable = [this](const Error& why) {
    read_failure_ = why;
    return tl::unexpected(DecodeError{"file cannot be read", offset_});
  };
  const auto located = [this](const DecodeError& e) { return tl::unexpected(DecodeError{e.reason, offset_}); };
  const std::uint64_t left = limit - offset_;
  const auto head = bytes(offset_, std::min<std::uint64_t>(left, kRecordHeaderBytes), limit);
  if (!head) return unreadable(head.error());
  const auto header = decode_record_header(*head);
  if (!header) return located(header.error());
  if (left < kRecordHeaderBytes + header->length) return located(DecodeError{"record is cut short", 0});
  const auto whole = bytes(offset_, kRecordHeaderBytes + header->length, limit);
  if (!whole) return unreadable(whole.error());
  const auto record = decode_record(*whole);
  if (!record) return located(record.error());
  const Record result{record->payload, offset_, record->starts_group};
  offset_ += kRecordHeaderBytes + header->length;
  return result;
}

}  // namespace gnomon::segment
