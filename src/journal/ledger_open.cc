#include <fmt/format.h>

#include "core/log.h"
#include "journal/ledger.h"

namespace gnomon::journal {

namespace {

constexpr const char* kRestore = "restore the journal folder from a copy; the ledger never takes back what it signed";

// The name and key that the ledger was made with, or those given when it is new.
Result<VerifierKey> settle_key(segment::FileSystem& files, const std::string& folder, const crypto::PrivateKey& key,
                               const std::string& name) {
  const std::string path = folder + "/key";
  const auto stored = files.read_file(path);
  if (!stored && stored.error().code != ErrorCode::kNotFound) return tl::unexpected(stored.error());
  if (!stored) {
    if (!is_key_name(name)) {
      return failure(ErrorCode::kInvalidArgument, "make ledger", name, "a ledger's name has neither spaces nor plus");
    }
    VerifierKey fresh{name, key.public_key()};
    if (auto put = files.replace_file(path, fresh.text() + "\n"); !put) return tl::unexpected(put.error());
    return fresh;
  }
  auto known = stored->ends_with('\n') ? parse_verifier_key(std::string_view(*stored).substr(0, stored->size() - 1))
                                       : tl::unexpected(DecodeError{"no newline at the end", stored->size()});
  if (!known) {
    return failure(ErrorCode::kCorrupt, "open ledger", path,
                   fmt::format("{} (byte {})", known.error().reason, known.error().offset), "restore it from a copy");
  }
  if (!(known->key == key.public_key())) {
    return failure(ErrorCode::kConflict, "open ledger", folder, "it was signed with another key",
                   "give back the observatory's key file that belongs to this folder");
  }
  // A process that was killed may have put it there a moment ago. What is signed from now on is worth nothing without.
  if (auto named = files.sync_directory(folder); !named) return tl::unexpected(named.error());
  return *std::move(known);
}

}  // namespace

Result<std::unique_ptr<Ledger>> Ledger::open(segment::FileSystem& files, const std::string& folder,
                                             const crypto::PrivateKey& key, const Clock& clock, const std::string& name,
                                             std::uint64_t durable_records, EntrySource source) {
  if (auto made = files.create_folders(folder); !made) return tl::unexpected(made.error());
  auto verifier = settle_key(files, folder, key, name);
  if (!verifier) return tl::unexpected(verifier.error());
  std::unique_ptr<Ledger> ledger(new Ledger(files, folder, key, clock, *std::move(verifier), std::move(source)));
  if (auto loaded = ledger->load(durable_records); !loaded) return tl::unexpected(loaded.error());
  return ledger;
}

Status Ledger::load(std::uint64_t durable_records) {
  const std::string path = folder_ + "/checkpoint";
  const auto note = files_.read_file(path);
  if (!note && note.error().code != ErrorCode::kNotFound) return tl::unexpected(note.error());
  if (!note) {
    builder_.emplace();
    return sign();
  }
  const auto checkpoint = open_checkpoint(*note, verifier_);
  if (!checkpoint || checkpoint->origin != verifier_.name) {
    return failure(ErrorCode::kCorrupt, "open ledger", path,
                   checkpoint ? "the origin is not the log's name" : std::string(checkpoint.error().reason),
                   "restore it from a copy");
  }
  if (checkpoint->size > durable_records) {
    return failure(
        ErrorCode::kCorrupt, "open ledger", folder_,
        fmt::format("it has signed {} batches, the journal holds only {}", checkpoint->size, durable_records),
        kRestore);
  }
  published_ = {checkpoint->size, checkpoint->root, std::nullopt};
  checkpoint_ = *note;
  auto restored = TileBuilder::restore(checkpoint->size, tiles());
  if (restored && restored->root() == checkpoint->root) {
    builder_ = *std::move(restored);
    return check_last_leaf();
  }
  log::warning("{}: tiles are missing or damaged; making them anew from the journal", folder_);
  return rebuild(checkpoint->size);
}

Status Ledger::check_last_leaf() const {
  const std::uint64_t size = builder_->size();
  if (size == 0) return {};
  const auto entry = source_(size - 1, 1);
  if (!entry) return tl::unexpected(entry.error());
  const auto signed_leaf = tile_nodes(tiles(), size)(0, size - 1);
  if (!signed_leaf) return tl::unexpected(signed_leaf.error());
  if (entry->empty() || leaf_hash(encode_entry(entry->front())) != *signed_leaf) {
    return failure(ErrorCode::kCorrupt, "open ledger", folder_,
                   fmt::format("journal record {} is not the batch that was signed", size - 1), kRestore);
  }
  return {};
}

Status Ledger::rebuild(std::uint64_t size) {
  builder_ = TileBuilder();
  if (auto grown = grow(size); !grown) return grown;
  if (builder_->root() != published_.root) {
    return failure(ErrorCode::kCorrupt, "open ledger", folder_,
                   fmt::format("the journal's first {} batches are not those that were signed", size), kRestore);
  }
  return builder_->each_partial(sink());
}

}  // namespace gnomon::journal
