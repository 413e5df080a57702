#include <fmt/format.h>

#include <algorithm>

#include "segment/log.h"
#include "segment/log_state.h"

namespace gnomon::segment {

std::optional<std::uint64_t> Log::State::durable_bytes(std::uint64_t base_record) const {
  const std::lock_guard lock(mutex);
  for (auto it = segments.rbegin(); it != segments.rend(); ++it) {
    if (it->base_record == base_record) return it->bytes;
  }
  return std::nullopt;
}

Result<Log::Reader> Log::read(std::uint64_t record) const {
  Reader reader(*this, record);
  const LogStatus now = status();
  if (record < now.first_record) {
    return failure(ErrorCode::kNotFound, "read log", state_->folder,
                   fmt::format("record {} was removed; the oldest is {}", record, now.first_record));
  }
  return reader;
}

Status Log::Reader::enter_segment() {
  std::optional<SegmentStatus> found;
  {
    const std::lock_guard lock(log_->state_->mutex);
    const auto& segments = log_->state_->segments;
    const auto after = std::upper_bound(segments.begin(), segments.end(), record_,
                                        [](std::uint64_t r, const SegmentStatus& s) { return r < s.base_record; });
    if (after != segments.begin()) found = *(after - 1);
  }
  if (!found) {
    return failure(ErrorCode::kNotFound, "read log", log_->state_->folder,
                   fmt::format("record {} was removed", record_));
  }
  auto cursor = SegmentCursor::open(log_->state_->files, found->path);
  if (!cursor) return tl::unexpected(cursor.error());
  path_ = found->path;
  cursor_.emplace(*std::move(cursor));
  for (std::uint64_t skipped = found->base_record; skipped < record_; ++skipped) {
    const auto record = cursor_->next(found->bytes);
    if (!record && cursor_->read_failure()) {
      const Error why = *cursor_->read_failure();
      cursor_.reset();  // the next try begins at the segment's start
      return tl::unexpected(why);
    }
    if (!record || !*record) {
      return failure(ErrorCode::kCorrupt, "read log", path_,
                     fmt::format("record {} at byte {} is damaged", skipped, cursor_->offset()),
                     "run gnomon verify, and restore the file from a copy");
    }
  }
  return {};
}

Result<std::optional<Log::Reader::Entry>> Log::Reader::next() {
  if (record_ >= log_->durable_records()) return std::optional<Entry>();
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (!cursor_) {
      if (auto entered = enter_segment(); !entered) return tl::unexpected(entered.error());
    }
    const auto limit = log_->state_->durable_bytes(cursor_->base_record());
    const auto record = limit ? cursor_->next(*limit) : cursor_->next();
    if (!record && cursor_->read_failure()) return tl::unexpected(*cursor_->read_failure());
    if (!record) {
      return failure(ErrorCode::kCorrupt, "read log", path_,
                     fmt::format("{} at byte {} (record {})", record.error().reason, record.error().offset, record_),
                     "run gnomon verify, and restore the file from a copy");
    }
    if (*record) return Entry{record_++, (*record)->payload, path_, (*record)->offset};
    cursor_.reset();  // the end of this segment; the record is in the next one
  }
  return failure(ErrorCode::kCorrupt, "read log", path_, fmt::format("record {} is missing", record_),
                 "run gnomon verify, and restore the file from a copy");
}

}  // namespace gnomon::segment
