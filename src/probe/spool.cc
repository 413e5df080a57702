#include "probe/spool.h"

#include <algorithm>
#include <charconv>

#include "probe/spool_format.h"

namespace gnomon::probe {
namespace {

constexpr std::string_view kSuffix = ".batch";

std::optional<std::uint64_t> sequence_of(std::string_view name) {
  if (name.size() != 16 + kSuffix.size() || !name.ends_with(kSuffix)) return std::nullopt;
  std::uint64_t sequence = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + 16, sequence, 16);
  if (error != std::errc{} || end != name.data() + 16 || sequence == 0) return std::nullopt;
  return sequence;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Where the notes of a generation stand in their file.
std::uint64_t slot_of(std::uint64_t generation) {
  return generation % 2 == 0 ? 0 : kNotesSlotBytes;
}

// What is wrong with a spool file, as words.
std::string damage(const DecodeError& error) {
  return fmt::format("{} at byte {}", error.reason, error.offset);
}

}  // namespace

std::string Spool::path_of(std::uint64_t sequence) const {
  return fmt::format("{}/{:016x}{}", folder_, sequence, kSuffix);
}

Result<Spool> Spool::open(segment::FileSystem& files, std::string folder, Found& found) {
  Spool spool(files, std::move(folder));
  if (const Status made = files.create_folders(spool.folder_ + "/bad"); !made) return tl::unexpected(made.error());
  const auto names = files.list(spool.folder_);
  if (!names) return tl::unexpected(names.error());
  if (const Status opened = spool.open_notes(found.notes); !opened) return tl::unexpected(opened.error());
  for (const std::string& name : *names) {
    const auto sequence = sequence_of(name);
    if (name.ends_with(".new")) (void)files.remove(spool.folder_ + "/" + name);
    if (!sequence) continue;
    const auto content = files.read_file(spool.folder_ + "/" + name);
    if (!content) {
      found.damaged.push_back({*sequence, content.error().reason});
      continue;
    }
    auto file = decode_spool_file(bytes_of(*content));
    if (!file) {
      found.damaged.push_back({*sequence, damage(file.error())});
    } else if (file->record.sequence != *sequence) {
      found.damaged.push_back({*sequence, fmt::format("holds batch {}", file->record.sequence)});
    } else {
      found.records.push_back(std::move(file->record));
    }
  }
  // A batch that was set aside keeps its number.
  const auto bad = files.list(spool.folder_ + "/bad");
  for (const std::string& name : bad.value_or(std::vector<std::string>{})) {
    if (const auto sequence = sequence_of(name)) {
      found.notes.next_sequence = std::max(found.notes.next_sequence, *sequence + 1);
    }
  }
  // A name that a killed process had not synced must not go again after its batch was sent.
  if (const Status synced = files.sync_directory(spool.folder_); !synced) return tl::unexpected(synced.error());
  return spool;
}

Status Spool::open_notes(SpoolNotes& notes) {
  const std::string path = folder_ + "/notes";
  auto file = files_->open(path, segment::OpenMode::kReadWrite);
  if (!file && file.error().code != ErrorCode::kNotFound) return tl::unexpected(file.error());
  if (!file) {
    // Room for both slots is taken now, so that a full disk does not stop the notes later.
    file = files_->open(path, segment::OpenMode::kCreate);
    if (!file) return tl::unexpected(file.error());
    const std::string blank(2 * kNotesSlotBytes, '\0');
    if (auto wrote = (*file)->write_at(0, bytes_of(blank)); !wrote) return wrote;
    if (auto synced = (*file)->sync(); !synced) return synced;
    if (auto synced = files_->sync_directory(folder_); !synced) return synced;
  }
  notes_ = std::move(*file);
  std::vector<std::byte> slot(kNotesSlotBytes);
  for (const std::uint64_t at : {std::uint64_t{0}, std::uint64_t{kNotesSlotBytes}}) {
    const auto size = notes_->read_at(at, slot);
    if (!size) return tl::unexpected(size.error());
    auto decoded = decode_notes(std::span(slot).first(*size));
    if (!decoded || decoded->generation <= generation_) continue;
    generation_ = decoded->generation;
    notes = std::move(decoded->notes);
  }
  return generation_ == 0 ? Status{} : secure_notes();
}

// What was read may never have reached the disk: its writer may have been killed before, or although, it was synced.
Status Spool::secure_notes() {
  std::vector<std::byte> slot(kNotesSlotBytes);
  const std::uint64_t at = slot_of(generation_);
  const auto size = notes_->read_at(at, slot);
  if (!size) return tl::unexpected(size.error());
  if (auto wrote = notes_->write_at(at, std::span(slot).first(*size)); !wrote) return wrote;
  return notes_->sync();
}

Status Spool::store(const BatchRecord& record, std::string_view signed_batch) {
  const std::string path = path_of(record.sequence);
  const std::string fresh = path + ".new";
  const std::string content = encode_spool_file(record, signed_batch);
  auto file = files_->open(fresh, segment::OpenMode::kCreate);
  if (!file) return tl::unexpected(file.error());
  Status done = (*file)->write_at(0, bytes_of(content));
  if (done) done = (*file)->sync();
  file->reset();
  if (done) done = files_->rename(fresh, path);
  if (!done) {
    (void)files_->remove(fresh);
    return done;
  }
  return files_->sync_directory(folder_);
}

Result<std::string> Spool::load(std::uint64_t sequence) {
  auto content = files_->read_file(path_of(sequence));
  if (!content) return content;
  const auto file = decode_spool_file(bytes_of(*content));
  if (!file) return failure(ErrorCode::kCorrupt, "read batch", path_of(sequence), damage(file.error()));
  const auto signed_batch = file->signed_batch;
  return std::string(reinterpret_cast<const char*>(signed_batch.data()), signed_batch.size());
}

void Spool::forget(std::uint64_t sequence, bool durably) {
  (void)files_->remove(path_of(sequence));
  if (durably) (void)files_->sync_directory(folder_);
}

void Spool::set_aside(std::uint64_t sequence) {
  const std::string name = fmt::format("{:016x}{}", sequence, kSuffix);
  if (!files_->rename(folder_ + "/" + name, folder_ + "/bad/" + name)) return;
  (void)files_->sync_directory(folder_ + "/bad");
  trim_bad();
}

void Spool::trim_bad() {
  const auto names = files_->list(folder_ + "/bad");
  if (!names || names->size() <= kBadFiles) return;
  for (std::size_t i = 0; i < names->size() - kBadFiles; ++i) (void)files_->remove(folder_ + "/bad/" + (*names)[i]);
}

Status Spool::save(const SpoolNotes& notes) {
  // After a failure the same slot is written again: the other one holds what was saved last.
  const std::string slot = encode_notes({generation_ + 1, notes});
  if (auto wrote = notes_->write_at(slot_of(generation_ + 1), bytes_of(slot)); !wrote) return wrote;
  if (auto synced = notes_->sync(); !synced) return synced;
  ++generation_;
  return {};
}

}  // namespace gnomon::probe
