#include "core/log.h"
#include "journal/journal_state.h"
#include "journal/record_codec.h"

namespace gnomon::journal {

namespace {

constexpr std::string_view kFormatPrefix = "gnomon journal ";
constexpr int kFormat = 1;

tl::unexpected<Error> bad_record(const std::string& folder, std::uint64_t record, std::string_view reason) {
  return failure(ErrorCode::kCorrupt, "read journal", folder, fmt::format("record {}: {}", record, reason),
                 "run gnomon verify, and restore the file from a copy");
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(segment::FileSystem& files, const std::string& folder,
                                               const crypto::PrivateKey& key, const Clock& clock,
                                               const JournalOptions& options) {
  auto state = std::make_unique<State>(files, folder, options);
  State& s = *state;
  s.clock = &clock;
  if (options.lock_folder) {
    auto lock = FolderLock::acquire(folder);
    if (!lock) return tl::unexpected(lock.error());
    s.lock.emplace(*std::move(lock));
  }
  if (auto made = files.create_folders(s.journal_folder); !made) return tl::unexpected(made.error());
  if (auto checked = s.check_format(); !checked) return tl::unexpected(checked.error());
  if (auto opened = s.open_log(); !opened) return tl::unexpected(opened.error());
  s.applied = s.log->durable_records();
  auto ledger = Ledger::open(files, folder + "/ledger", key, clock, options.ledger_name, s.applied,
                             [&s](std::uint64_t from, std::size_t limit) { return s.read_entries(from, limit); });
  if (!ledger) return tl::unexpected(ledger.error());
  s.ledger = *std::move(ledger);
  return std::unique_ptr<Journal>(new Journal(std::move(state)));
}

Status Journal::State::check_format() const {
  const std::string path = journal_folder + "/format";
  const std::string expected = fmt::format("{}{}\n", kFormatPrefix, kFormat);
  const auto stored = files.read_file(path);
  if (!stored && stored.error().code != ErrorCode::kNotFound) return tl::unexpected(stored.error());
  if (!stored) return files.replace_file(path, expected);
  if (*stored == expected) return {};
  if (stored->starts_with(kFormatPrefix)) {
    return failure(
        ErrorCode::kUnsupported, "open data folder", folder,
        fmt::format("it is of format {}, this gnomon knows {}",
                    stored->substr(kFormatPrefix.size(), stored->find('\n') - kFormatPrefix.size()), kFormat),
        "use the gnomon that wrote it, or a newer one");
  }
  return failure(ErrorCode::kCorrupt, "open data folder", path, "it does not say which format the folder has",
                 "restore it from a copy, or name another folder with --data");
}

Status Journal::State::open_log() {
  const std::string path = journal_folder + "/index";
  const auto stored = files.read_file(path);
  if (stored) {
    auto decoded = SequenceIndex::decode(std::as_bytes(std::span(*stored)));
    if (decoded) {
      index = std::move(decoded->index);
      indexed = decoded->position.record;
      return scan_log(decoded->position);
    }
    gnomon::log::warning("{}: {}; reading the whole journal instead", path, decoded.error().reason);
  } else if (stored.error().code != ErrorCode::kNotFound) {
    return tl::unexpected(stored.error());
  }
  return scan_log({});
}

Status Journal::State::scan_log(const segment::LogPosition& from) {
  auto opened = segment::Log::open(files, journal_folder, options.log, from,
                                   [this](std::uint64_t record, auto payload) { return remember(record, payload); });
  if (!opened) return tl::unexpected(opened.error());
  log = *std::move(opened);
  return {};
}

Status Journal::State::remember(std::uint64_t record, std::span<const std::byte> payload) {
  ++scanned;
  const auto decoded = decode_record(payload);
  if (!decoded) return bad_record(journal_folder, record, decoded.error().reason);
  const auto name = name_of(std::as_bytes(std::span(decoded->signed_batch)));
  if (!name) return bad_record(journal_folder, record, name.error().reason);
  index.insert(name->probe, name->sequence);
  return {};
}

Result<std::vector<LedgerEntry>> Journal::State::read_entries(std::uint64_t from, std::size_t limit) const {
  auto reader = log->read(from);
  if (!reader) return tl::unexpected(reader.error());
  std::vector<LedgerEntry> entries;
  while (entries.size() < limit) {
    const auto stored = reader->next();
    if (!stored) return tl::unexpected(stored.error());
    if (!*stored) break;
    const auto record = decode_record((*stored)->payload);
    if (!record) return bad_record(journal_folder, (*stored)->record, record.error().reason);
    // Signatures were checked before the batch was journalled; gnomon verify checks them again.
    const auto entry = entry_of((*stored)->record, *record, false);
    if (!entry) return bad_record(journal_folder, (*stored)->record, entry.error().reason);
    entries.push_back(*entry);
  }
  return entries;
}

}  // namespace gnomon::journal
