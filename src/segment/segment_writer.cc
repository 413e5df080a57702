#include "segment/segment_writer.h"

#include "segment/format.h"

namespace gnomon::segment {

Status SegmentWriter::resume(const SegmentStatus& segment, bool has_records) {
  auto file = files_.open(segment.path, OpenMode::kReadWrite);
  if (!file) return tl::unexpected(file.error());
  file_ = *std::move(file);
  segment_ = segment;
  has_records_ = has_records;
  return {};
}

Status SegmentWriter::commit(std::uint64_t first_record, std::span<const std::byte> group) {
  if (distrusted_) return tl::unexpected(*distrusted_);
  if (file_ == nullptr || (has_records_ && segment_.bytes + group.size() > segment_bytes_)) {
    if (auto started = start_segment(first_record); !started) return started;
  }
  if (auto written = file_->write_at(segment_.bytes, group); !written) return take_back(written.error());
  if (auto synced = file_->sync(); !synced) {
    // The kernel may have dropped the pages and will report the next sync as good (LWN 752063, "fsyncgate").
    return distrust(synced.error());
  }
  segment_.bytes += group.size();
  has_records_ = true;
  return {};
}

Status SegmentWriter::start_segment(std::uint64_t base_record) {
  const std::string path = folder_ + "/" + segment_name(base_record);
  auto file = files_.open(path, OpenMode::kCreate);
  if (!file) return tl::unexpected(file.error());
  const auto header = encode_header(base_record);
  auto written = (*file)->write_at(0, header);
  if (written) written = (*file)->sync();
  if (!written) return withdraw(path, written.error());
  if (auto named = files_.sync_directory(folder_); !named) return distrust(named.error());
  file_ = *std::move(file);
  segment_ = {path, base_record, kHeaderBytes};
  has_records_ = false;
  return {};
}

// The next group may be small enough for the segment before. Should the power then go and the name of this one come
// back, it would claim to begin with a record that stands elsewhere: so the name goes for good before anything follows.
Status SegmentWriter::withdraw(const std::string& path, const Error& why) {
  auto gone = files_.remove(path);
  if (gone) gone = files_.sync_directory(folder_);
  if (!gone) (void)distrust(gone.error());
  return tl::unexpected(why);
}

Status SegmentWriter::take_back(const Error& why) {
  auto cut = file_->truncate(segment_.bytes);
  if (cut) cut = file_->sync();
  if (!cut) (void)distrust(cut.error());
  return tl::unexpected(why);
}

Status SegmentWriter::distrust(Error why) {
  why.advice = "check the disk, then start gnomon again";
  distrusted_ = why;
  return tl::unexpected(std::move(why));
}

}  // namespace gnomon::segment
