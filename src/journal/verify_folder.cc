#include <fmt/format.h>

#include <atomic>
#include <map>
#include <thread>

#include "journal/record_codec.h"
#include "journal/sequence_index.h"
#include "journal/verify.h"
#include "journal/verify_report.h"
#include "segment/cursor.h"

namespace gnomon::journal {

namespace {

class FolderCheck {
 public:
  FolderCheck(segment::FileSystem& files, const std::string& folder, const OnProgress& progress)
      : files_(files), journal_(folder + "/journal"), ledger_(folder + "/ledger"), progress_(progress) {}

  Result<VerifyReport> run() {
    auto names = files_.list(journal_);
    if (!names) {
      return failure(names.error().code, "verify", journal_, names.error().reason,
                     "name the data folder of an observatory, or the URL of its ledger");
    }
    check_format();
    // The tree first, then the segments: what is signed must be in them, whatever else is appended meanwhile.
    read_checkpoint();
    names = files_.list(journal_);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      if (segment::parse_segment_name(name)) segments_.push_back(name);
    }
    measure();
    for (std::size_t i = 0; i < segments_.size(); ++i) check_segment(i);
    check_index();
    finish_tree();
    return std::move(report_);
  }

 private:
  void problem(const std::string& file, std::optional<std::uint64_t> offset, std::optional<std::uint64_t> record,
               std::string reason) {
    add_problem(report_, {file, offset, record, std::move(reason)});
  }

  // The checkpoint and the partial tiles that belong to it; a writing process replaces both.
  void read_checkpoint() {
    const std::string path = ledger_ + "/checkpoint";
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto note = files_.read_file(path);
      const auto parts = note ? split_note(*note) : tl::unexpected(DecodeError{});
      const auto head = parts ? parse_checkpoint_text(parts->text) : tl::unexpected(DecodeError{});
      partials_.clear();
      for (int level = TileId::kEntries; head && level < 8; ++level) {
        const TileId tile{level, full_tiles(level, head->size), partial_width(level, head->size)};
        if (tile.width > 0) partials_.emplace(tile_path(tile), files_.read_file(ledger_ + "/" + tile_path(tile)));
      }
      const auto fetch = [&](const std::string& name) {
        return name == "checkpoint" ? note : files_.read_file(ledger_ + "/" + name);
      };
      const auto again = files_.read_file(path);
      const bool is_stable = note.has_value() == again.has_value() && (!note || *note == *again);
      if (!is_stable) continue;
      if (auto tree = check_checkpoint(report_, ledger_ + "/", fetch, std::nullopt)) tree_ = tree->checkpoint;
      return;
    }
    problem(path, std::nullopt, std::nullopt, "it changes faster than it can be read");
  }

  void check_format() {
    const std::string path = journal_ + "/format";
    const auto text = files_.read_file(path);
    constexpr std::string_view kExpected = "gnomon journal 1\n";
    if (!text)
      problem(path, std::nullopt, std::nullopt, text.error().reason);
    else if (*text != kExpected)
      problem(path, first_difference(*text, kExpected), std::nullopt, "unknown format");
  }

  void measure() {
    for (const std::string& name : segments_) {
      const auto file = files_.open(journal_ + "/" + name, segment::OpenMode::kRead);
      if (file) report_.bytes += (*file)->size().value_or(0);
    }
  }

  void check_segment(std::size_t i) {
    const std::string path = journal_ + "/" + segments_[i];
    const bool is_last = i + 1 == segments_.size();
    const std::uint64_t base = *segment::parse_segment_name(segments_[i]);
    auto cursor = segment::SegmentCursor::open(files_, path);
    if (!cursor) {
      is_complete_ = false;
      next_ = is_last ? next_ : *segment::parse_segment_name(segments_[i + 1]);
      return problem(path, 0, base, cursor.error().reason);
    }
    ++report_.segments;
    if (i == 0) next_ = base;
    if (base != next_ || cursor->base_record() != base) {
      is_complete_ = false;
      problem(path, 16, base, fmt::format("record {} was expected here", next_));
      next_ = base;
    }
    check_records(*cursor, path);
    done_bytes_ += cursor->offset();
    if (is_last) return;
    const std::uint64_t following = *segment::parse_segment_name(segments_[i + 1]);
    if (next_ < following) is_complete_ = false;
    next_ = following;
  }

  // A record as it was read, and what came of it.
  struct Checked {
    std::uint64_t offset = 0;
    std::uint64_t number = 0;
    std::string payload;
    tl::expected<LedgerEntry, DecodeError> entry;
  };

  void check_records(segment::SegmentCursor& cursor, const std::string& path) {
    constexpr std::size_t kAtOnce = 1024;
    std::vector<Checked> gathered;
    while (true) {
      const auto record = cursor.next();
      if (record && *record) {
        const auto payload = (*record)->payload;
        gathered.push_back({(*record)->offset,
                            next_ + gathered.size(),
                            std::string(reinterpret_cast<const char*>(payload.data()), payload.size()),
                            {}});
        if (gathered.size() < kAtOnce) continue;
      }
      check_gathered(gathered, path);
      gathered.clear();
      if (progress_) progress_({"journal", done_bytes_ + cursor.offset(), report_.bytes});
      if (!record) return bad_record(cursor, path, record.error());
      if (!*record) return;
    }
  }

  // Signatures take nearly all the time and do not depend on each other.
  void check_gathered(std::vector<Checked>& gathered, const std::string& path) {
    std::atomic<std::size_t> taken = 0;
    const auto work = [&] {
      for (std::size_t i = taken++; i < gathered.size(); i = taken++) {
        const auto record = decode_record(std::as_bytes(std::span(gathered[i].payload)));
        gathered[i].entry = record ? entry_of(gathered[i].number, *record, true) : tl::unexpected(record.error());
      }
    };
    std::vector<std::thread> threads;
    const std::size_t wanted = std::min<std::size_t>(std::thread::hardware_concurrency(), gathered.size() / 64);
    for (std::size_t i = 1; i < wanted; ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    for (const Checked& one : gathered) take_entry(one, path);
  }

  void bad_record(segment::SegmentCursor& cursor, const std::string& path, const segment::DecodeError& error) {
    const bool is_last = path.ends_with(segments_.back());
    const std::uint64_t left = cursor.file_bytes().value_or(error.offset) - error.offset;
    // Nobody was told that what lies beyond the signed tree at the very end is stored.
    if (is_last && tree_ && next_ >= tree_->size) {
      report_.notes.push_back(
          fmt::format("{}: the last {} bytes, from byte {}, are no whole record: a write was cut off or is under way",
                      path, left, error.offset));
      return;
    }
    is_complete_ = false;
    problem(path, error.offset, next_, std::string(error.reason));
  }

  void take_entry(const Checked& one, const std::string& path) {
    ++report_.records;
    ++next_;
    if (!one.entry) {
      is_complete_ = false;
      return problem(path, one.offset, one.number, std::string(one.entry.error().reason));
    }
    const LedgerEntry& entry = *one.entry;
    ++report_.signatures;
    report_.windows += entry.windows;
    if (!index_.insert(entry.probe, entry.sequence)) {
      problem(path, one.offset, one.number,
              fmt::format("batch {} of probe {} is stored twice", entry.sequence, to_string(entry.probe)));
    }
    if (!tree_ || !is_complete_ || one.number >= tree_->size) return;
    (void)builder_.add(encode_entry(entry), tile_check());
    ++report_.leaves;
    if (builder_.size() == tree_->size) (void)builder_.each_partial(tile_check());
  }

  TileBuilder::Sink tile_check() {
    return [this](const TileId& tile, std::string_view content) -> Status {
      const std::string path = ledger_ + "/" + tile_path(tile);
      const auto partial = partials_.find(tile_path(tile));
      compare_tile(report_, tile, path, partial != partials_.end() ? partial->second : files_.read_file(path), content);
      return {};
    };
  }

  void check_index() {
    const std::string path = journal_ + "/index";
    const auto stored = files_.read_file(path);
    if (!stored) return;  // not written yet; it is made anew on open
    const auto decoded = SequenceIndex::decode(std::as_bytes(std::span(*stored)));
    if (!decoded) return problem(path, decoded.error().offset, std::nullopt, std::string(decoded.error().reason));
  }

  void finish_tree() {
    if (!tree_) return;
    if (!is_complete_) {
      report_.notes.push_back(
          fmt::format("the tree was checked up to leaf {}, before the first damaged record", builder_.size()));
      return;
    }
    if (builder_.size() < tree_->size) {
      return problem(ledger_ + "/checkpoint", std::nullopt, builder_.size(),
                     fmt::format("it signs {} batches, the journal holds {}", tree_->size, builder_.size()));
    }
    if (builder_.root() != tree_->root) {
      problem(ledger_ + "/checkpoint", std::nullopt, std::nullopt, "its root is not that of the journal's batches");
    }
    if (next_ > tree_->size) report_.notes.push_back(fmt::format("{} batches are not signed yet", next_ - tree_->size));
  }

  segment::FileSystem& files_;
  const std::string journal_;
  const std::string ledger_;
  const OnProgress& progress_;
  VerifyReport report_;
  std::optional<Checkpoint> tree_;
  std::map<std::string, Result<std::string>> partials_;
  std::vector<std::string> segments_;
  SequenceIndex index_;
  TileBuilder builder_;
  std::uint64_t next_ = 0;  // the record that comes next
  std::uint64_t done_bytes_ = 0;
  bool is_complete_ = true;  // no record is missing or unreadable up to here
};

}  // namespace

Result<VerifyReport> verify_folder(segment::FileSystem& files, const std::string& folder, const OnProgress& progress) {
  return FolderCheck(files, folder, progress).run();
}

}  // namespace gnomon::journal
