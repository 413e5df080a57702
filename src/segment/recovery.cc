#include "segment/recovery.h"

#include <fmt/format.h>

#include <algorithm>

namespace gnomon::segment {

namespace {

// A group is at most one record or LogOptions::group_bytes; a longer tail is no torn group.
constexpr std::uint64_t kMaximumTornBytes = 2ULL * kMaximumRecordBytes;
// Random bytes look like a record header once in a while; this bounds the checksums taken over such.
constexpr std::uint64_t kChecksumBudget = 2ULL << 30;

tl::unexpected<Error> damaged(const std::string& path, std::uint64_t offset, std::uint64_t record,
                              std::string_view reason) {
  return failure(ErrorCode::kCorrupt, "read segment", path,
                 fmt::format("{} at byte {} (record {})", reason, offset, record),
                 "restore the file from a copy, or run gnomon verify to see what is affected");
}

// Whether a later group starts behind `offset`: then what stands there was durable once.
Result<bool> has_later_group(SegmentCursor& cursor, std::uint64_t offset, std::uint64_t size) {
  if (size - offset > kMaximumTornBytes) return true;
  const auto tail = cursor.bytes(offset, size - offset);
  if (!tail) return tl::unexpected(tail.error());
  std::uint64_t budget = kChecksumBudget;
  for (std::size_t at = 1; at + kRecordHeaderBytes < tail->size(); ++at) {
    const auto header = decode_record_header(tail->subspan(at));
    if (!header || !header->starts_group || header->length > tail->size() - at - kRecordHeaderBytes) continue;
    if (header->length > budget) return true;
    budget -= header->length;
    if (decode_record(tail->subspan(at))) return true;
  }
  return false;
}

class Recovery {
 public:
  Recovery(FileSystem& files, std::string folder, const LogPosition& known_good, const Log::Visit& visit)
      : files_(files), folder_(std::move(folder)), known_good_(known_good), visit_(visit) {}

  Result<Recovered> run() {
    if (auto found = find_segments(); !found) return tl::unexpected(found.error());
    const auto first = std::find_if(result_.segments.begin(), result_.segments.end(),
                                    [&](const auto& s) { return s.base_record == known_good_.segment_base; });
    const bool from_known = known_good_.record != 0 || known_good_.offset != kHeaderBytes;
    if (from_known && first == result_.segments.end()) {
      return failure(ErrorCode::kCorrupt, "open log", folder_,
                     "segment " + segment_name(known_good_.segment_base) + " is missing", "restore it from a copy");
    }
    std::size_t i = from_known ? static_cast<std::size_t>(first - result_.segments.begin()) : 0;
    if (!result_.segments.empty()) result_.next_record = result_.segments[i].base_record;
    for (bool is_start = from_known; i < result_.segments.size(); ++i, is_start = false) {
      if (auto scanned = scan(i, is_start); !scanned) return tl::unexpected(scanned.error());
    }
    if (auto secured = secure_last_group(); !secured) return tl::unexpected(secured.error());
    return std::move(result_);
  }

 private:
  Status find_segments() {
    const auto names = files_.list(folder_);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      const auto base = parse_segment_name(name);
      if (base) result_.segments.push_back({folder_ + "/" + name, *base, 0});
    }
    for (SegmentStatus& segment : result_.segments) {
      auto file = files_.open(segment.path, OpenMode::kRead);
      if (!file) return tl::unexpected(file.error());
      const auto size = (*file)->size();
      if (!size) return tl::unexpected(size.error());
      segment.bytes = *size;
    }
    return {};
  }

  Status scan(std::size_t i, bool is_start) {
    SegmentStatus& segment = result_.segments[i];
    const bool is_last = i + 1 == result_.segments.size();
    if (segment.base_record != result_.next_record) {
      return damaged(segment.path, 0, result_.next_record, "records before this segment are missing");
    }
    auto cursor = SegmentCursor::open(files_, segment.path);
    if (!cursor) {
      // A crash while the segment was made: its header was not durable, hence nothing in it was.
      if (is_last && segment.bytes <= kHeaderBytes && cursor.error().code == ErrorCode::kCorrupt) return drop_last();
      return tl::unexpected(cursor.error());
    }
    if (cursor->base_record() != segment.base_record) {
      return damaged(segment.path, 16, segment.base_record, "header and file name disagree");
    }
    if (is_start) {
      cursor->seek(known_good_.offset);
      result_.next_record = known_good_.record;
    }
    if (cursor->offset() > segment.bytes) {
      return damaged(segment.path, segment.bytes, result_.next_record, "file is shorter than it was");
    }
    last_group_ = is_start ? cursor->offset() : 0;  // the header, too, until a group follows it
    return scan_records(*cursor, segment, is_last);
  }

  Status scan_records(SegmentCursor& cursor, SegmentStatus& segment, bool is_last) {
    while (true) {
      const auto record = cursor.next(segment.bytes);
      if (!record) return bad_record(cursor, segment, is_last, record.error());
      if (!*record) return {};
      if ((*record)->starts_group) last_group_ = (*record)->offset;
      if (visit_) {
        if (auto visited = visit_(result_.next_record, (*record)->payload); !visited) return visited;
      }
      ++result_.next_record;
    }
  }

  Status bad_record(SegmentCursor& cursor, SegmentStatus& segment, bool is_last, const DecodeError& error) {
    // Bytes that the disk did not give now may be good: nothing is cut for that.
    if (cursor.read_failure()) return tl::unexpected(*cursor.read_failure());
    auto later = is_last ? has_later_group(cursor, error.offset, segment.bytes) : Result<bool>(true);
    if (!later) return tl::unexpected(later.error());
    if (*later) return damaged(segment.path, error.offset, result_.next_record, error.reason);
    auto file = files_.open(segment.path, OpenMode::kReadWrite);
    if (!file) return tl::unexpected(file.error());
    if (auto cut = (*file)->truncate(error.offset); !cut) return cut;
    if (auto synced = (*file)->sync(); !synced) return synced;
    result_.torn_bytes += segment.bytes - error.offset;
    segment.bytes = error.offset;
    return {};
  }

  Status drop_last() {
    result_.torn_bytes += result_.segments.back().bytes;
    if (auto removed = files_.remove(result_.segments.back().path); !removed) return removed;
    result_.segments.pop_back();
    return files_.sync_directory(folder_);
  }

  // A process may have been killed after it wrote the last group and before, or although, it was synced: then the group
  // is whole, and only in the system's memory. From now on it counts as durable, so it is written once more (after a
  // failed sync the system holds it for clean, LWN 752063) and synced, and so is the name of its file.
  Status secure_last_group() {
    if (result_.segments.empty()) return {};
    const SegmentStatus& last = result_.segments.back();
    auto file = files_.open(last.path, OpenMode::kReadWrite);
    if (!file) return tl::unexpected(file.error());
    std::vector<std::byte> group(last.bytes - std::min(last.bytes, last_group_));
    const auto read = (*file)->read_at(last_group_, group);
    if (!read) return tl::unexpected(read.error());
    if (auto written = (*file)->write_at(last_group_, std::span(group).first(*read)); !written) return written;
    if (auto synced = (*file)->sync(); !synced) return synced;
    return files_.sync_directory(folder_);
  }

  FileSystem& files_;
  std::string folder_;
  std::uint64_t last_group_ = 0;  // where the last group of the segment scanned last begins
  LogPosition known_good_;
  const Log::Visit& visit_;
  Recovered result_;
};

}  // namespace

Result<Recovered> recover(FileSystem& files, const std::string& folder, const LogPosition& known_good,
                          const Log::Visit& visit) {
  return Recovery(files, folder, known_good, visit).run();
}

}  // namespace gnomon::segment
