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
    distrusted_ = synced.error();
    distrusted_->advice = "check the disk, then start gnomon again";
    return tl::unexpected(*distrusted_);
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
  auto made = (*file)->write_at(0, header);
  if (made) made = (*file)->sync();
  if (made) made = files_.sync_directory(folder_);
  if (!made) {
    (void)files_.remove(path);  // should it stay, open() drops a segment without records
    return made;
  }
  file_ = *std::move(file);
  segment_ = {path, base_record, kHeaderBytes};
  has_records_ = false;
  return {};
}

Status SegmentWriter::take_back(const Error& why) {
  auto cut = file_->truncate(segment_.bytes);
  if (cut) cut = file_->sync();
  if (!cut) {
    distrusted_ = cut.error();
    distrusted_->advice = "check the disk, then start gnomon again";
  }
  return tl::unexpected(why);
}

}  // namespace gnomon::segment
