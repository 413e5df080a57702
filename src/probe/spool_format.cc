#include "probe/spool_format.h"

#include <algorithm>
#include <cstring>

#include "segment/crc32c.h"

namespace gnomon::probe {
namespace {

constexpr std::string_view kBatchMagic = "gnspool1";
constexpr std::string_view kNotesMagic = "gnnotes1";
constexpr std::size_t kRangeBytes = 5 * 8 + 2;
constexpr std::size_t kBatchChecked = 12;  // the first byte under the checksum
constexpr std::size_t kNotesChecked = 16;

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void put_at(std::string& out, std::size_t offset, std::uint64_t value) {
  for (std::size_t i = 0; i < 4; ++i) out[offset + i] = static_cast<char>(value >> (8 * i) & 0xff);
}

void put_range(std::string& out, const DroppedRange& range) {
  put(out, range.first_sequence, 8);
  put(out, range.last_sequence, 8);
  put(out, range.windows, 8);
  put(out, static_cast<std::uint64_t>(range.first_unix_ms), 8);
  put(out, static_cast<std::uint64_t>(range.last_unix_ms), 8);
  const std::string_view reason = std::string_view(range.reason).substr(0, kReasonLimit);
  put(out, reason.size(), 2);
  out += reason;
}

std::uint32_t checksum(std::string_view bytes) {
  return segment::crc32c(std::as_bytes(std::span(bytes)));
}

// Reads forward; after the first read past the end everything is zero and `failed` stays set.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t size) {
    if (bytes_.size() - at_ < size) {
      failed_ = true;
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= std::to_integer<std::uint64_t>(bytes_[at_ + i]) << (8 * i);
    at_ += size;
    return value;
  }
  std::string text(std::size_t size) {
    if (bytes_.size() - at_ < size) {
      failed_ = true;
      return {};
    }
    std::string value(reinterpret_cast<const char*>(bytes_.data() + at_), size);
    at_ += size;
    return value;
  }
  DroppedRange range() {
    DroppedRange range;
    range.first_sequence = number(8);
    range.last_sequence = number(8);
    range.windows = number(8);
    range.first_unix_ms = static_cast<std::int64_t>(number(8));
    range.last_unix_ms = static_cast<std::int64_t>(number(8));
    range.reason = text(number(2));
    return range;
  }
  // False when so many ranges cannot be in what is left.
  bool ranges(std::uint64_t count, std::vector<DroppedRange>& out) {
    if (count > (bytes_.size() - at_) / kRangeBytes) failed_ = true;
    for (std::uint64_t i = 0; i < count && !failed_; ++i) out.push_back(range());
    return !failed_;
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] std::span<const std::byte> rest() const { return bytes_.subspan(at_); }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

tl::unexpected<DecodeError> refuse(std::string_view reason, std::size_t offset) {
  return tl::unexpected(DecodeError{reason, offset});
}

}  // namespace

std::string encode_spool_file(const BatchRecord& record, std::string_view signed_batch) {
  std::string out(kBatchMagic);
  put(out, 0, 8);  // Checksum and length come last.
  put(out, record.sequence, 8);
  put(out, record.windows, 8);
  put(out, static_cast<std::uint64_t>(record.first_unix_ms), 8);
  put(out, static_cast<std::uint64_t>(record.last_unix_ms), 8);
  put(out, record.carried.size(), 4);
  for (const DroppedRange& range : record.carried) put_range(out, range);
  out += signed_batch;
  put_at(out, 12, out.size());
  put_at(out, 8, checksum(std::string_view(out).substr(kBatchChecked)));
  return out;
}

tl::expected<SpoolFile, DecodeError> decode_spool_file(std::span<const std::byte> bytes) noexcept {
  Reader reader(bytes);
  if (reader.text(8) != kBatchMagic) return refuse("not a spool file", 0);
  const auto expected = static_cast<std::uint32_t>(reader.number(4));
  const std::uint64_t length = reader.number(4);
  if (reader.failed() || length != bytes.size()) return refuse("cut short or too long", 12);
  if (segment::crc32c(bytes.subspan(kBatchChecked)) != expected) return refuse("wrong checksum", 8);
  SpoolFile file;
  file.record.sequence = reader.number(8);
  file.record.windows = reader.number(8);
  file.record.first_unix_ms = static_cast<std::int64_t>(reader.number(8));
  file.record.last_unix_ms = static_cast<std::int64_t>(reader.number(8));
  if (!reader.ranges(reader.number(4), file.record.carried))
    return refuse("cut short in the dropped ranges", reader.at());
  if (reader.failed()) return refuse("cut short", reader.at());
  if (file.record.sequence == 0) return refuse("sequence is zero", 16);
  file.signed_batch = reader.rest();
  file.record.bytes = file.signed_batch.size();
  return file;
}

std::string encode_notes(const NotesSlot& slot) {
  const auto& [generation, notes] = slot;
  const std::size_t pending = std::min(notes.pending.size(), kNotesRangeLimit / 2);
  const std::size_t at_risk = std::min(notes.at_risk.size(), kNotesRangeLimit / 2);
  std::string out(kNotesMagic);
  put(out, 0, 8);
  put(out, generation, 8);
  put(out, notes.next_sequence, 8);
  put(out, pending, 4);
  put(out, at_risk, 4);
  for (std::size_t i = 0; i < pending; ++i) put_range(out, notes.pending[i]);
  for (std::size_t i = 0; i < at_risk; ++i) put_range(out, notes.at_risk[i]);
  put_at(out, 12, out.size() - kNotesChecked);
  put_at(out, 8, checksum(std::string_view(out).substr(kNotesChecked)));
  return out;
}

tl::expected<NotesSlot, DecodeError> decode_notes(std::span<const std::byte> bytes) noexcept {
  Reader reader(bytes);
  if (reader.text(8) != kNotesMagic) return refuse("no notes", 0);
  const auto expected = static_cast<std::uint32_t>(reader.number(4));
  const std::uint64_t length = reader.number(4);
  if (reader.failed() || length > bytes.size() - kNotesChecked) return refuse("cut short", 12);
  const auto checked = bytes.subspan(kNotesChecked, length);
  if (segment::crc32c(checked) != expected) return refuse("wrong checksum", 8);
  Reader body(checked);
  NotesSlot slot;
  slot.generation = body.number(8);
  slot.notes.next_sequence = body.number(8);
  const std::uint64_t pending = body.number(4);
  const std::uint64_t at_risk = body.number(4);
  const bool whole = body.ranges(pending, slot.notes.pending) && body.ranges(at_risk, slot.notes.at_risk);
  if (!whole || body.failed()) return refuse("cut short in the ranges", kNotesChecked + body.at());
  return slot;
}

}  // namespace gnomon::probe
