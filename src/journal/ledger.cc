#include "journal/ledger.h"

#include <fmt/format.h>

#include "core/log.h"

namespace gnomon::journal {

namespace {

constexpr std::size_t kOfferedLimit = 65'536;
constexpr std::size_t kReadAtOnce = 1'024;

tl::unexpected<Error> no_such_resource(std::string_view path) {
  return failure(ErrorCode::kNotFound, "read ledger", std::string(path), "there is no such tile in the signed tree");
}

std::string folder_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// The first `width` entries of a bundle, as bytes.
std::string head_of_bundle(std::string content, unsigned width) {
  std::span<const std::byte> rest = std::as_bytes(std::span(content));
  for (unsigned i = 0; i < width && !rest.empty(); ++i) {
    if (!take_bundled(rest)) break;
  }
  content.resize(content.size() - rest.size());
  return content;
}

}  // namespace

Ledger::Ledger(segment::FileSystem& files, std::string folder, const crypto::PrivateKey& key, const Clock& clock,
               VerifierKey verifier, EntrySource source)
    : files_(files),
      folder_(std::move(folder)),
      key_(key),
      clock_(clock),
      verifier_(std::move(verifier)),
      source_(std::move(source)) {}

void Ledger::offer(const LedgerEntry& entry) {
  const std::lock_guard lock(offered_mutex_);
  if (!offered_.empty() && offered_.back().record + 1 != entry.record) offered_.clear();
  offered_.push_back(entry);
  if (offered_.size() > kOfferedLimit) offered_.pop_front();
}

Result<std::vector<LedgerEntry>> Ledger::next_entries(std::uint64_t from, std::uint64_t limit) {
  {
    const std::lock_guard lock(offered_mutex_);
    while (!offered_.empty() && offered_.front().record < from) offered_.pop_front();
    if (!offered_.empty() && offered_.front().record == from) {
      std::vector<LedgerEntry> entries;
      for (; !offered_.empty() && entries.size() < limit; offered_.pop_front()) entries.push_back(offered_.front());
      return entries;
    }
  }
  auto entries = source_(from, std::min<std::uint64_t>(limit, kReadAtOnce));
  if (entries && entries->empty()) {
    return failure(ErrorCode::kCorrupt, "extend ledger", folder_, fmt::format("journal record {} is missing", from));
  }
  return entries;
}

Status Ledger::publish(std::uint64_t durable_records) {
  if (!builder_) {
    auto restored = TileBuilder::restore(status().size, tiles());
    if (!restored) return tl::unexpected(restored.error());
    builder_ = *std::move(restored);
  }
  if (durable_records <= builder_->size()) return {};
  auto done = grow(durable_records);
  if (done) done = builder_->each_partial(sink());
  if (done) done = sign();
  if (!done) {
    // The tiles of the signed tree are all still there; what was written beyond it is written again later.
    builder_.reset();
  }
  return done;
}

Status Ledger::grow(std::uint64_t size) {
  while (builder_->size() < size) {
    const auto entries = next_entries(builder_->size(), size - builder_->size());
    if (!entries) return tl::unexpected(entries.error());
    for (const LedgerEntry& entry : *entries) {
      if (auto added = builder_->add(encode_entry(entry), sink()); !added) return added;
    }
  }
  return {};
}

Status Ledger::sign() {
  const Checkpoint checkpoint{verifier_.name, builder_->size(), builder_->root()};
  std::string note = sign_checkpoint(checkpoint, key_);
  if (auto put = files_.replace_file(folder_ + "/checkpoint", note); !put) return put;
  const std::lock_guard lock(published_mutex_);
  const std::uint64_t before = published_.size;
  checkpoint_ = std::move(note);
  published_ = {checkpoint.size, checkpoint.root, clock_.wall()};
  remove_partials(before);
  return {};
}

// Partial tiles of the tree that was signed before, unless the new tree has the same ones.
void Ledger::remove_partials(std::uint64_t size) {
  for (int level = TileId::kEntries; level < 8; ++level) {
    const TileId old{level, full_tiles(level, size), partial_width(level, size)};
    const bool is_kept =
        full_tiles(level, published_.size) == old.index && partial_width(level, published_.size) == old.width;
    if (old.width == 0 || is_kept) continue;
    (void)files_.remove(folder_ + "/" + tile_path(old));  // one left over does no harm
  }
}

LedgerStatus Ledger::status() const {
  const std::lock_guard lock(published_mutex_);
  return published_;
}

Status Ledger::make_folder(const std::string& folder) {
  if (folder == folder_ || folders_.contains(folder)) return {};
  // Each above it too: one that is there may have been made by a process that was killed before it synced the name.
  if (auto above = make_folder(folder_of(folder)); !above) return above;
  if (auto made = files_.create_folders(folder); !made) return made;
  constexpr std::size_t kRemembered = 1'024;
  if (folders_.size() >= kRemembered) folders_.clear();
  folders_.insert(folder);
  return {};
}

Status Ledger::store_tile(const TileId& tile, std::string_view content) {
  const std::string path = folder_ + "/" + tile_path(tile);
  if (auto made = make_folder(folder_of(path)); !made) return made;
  return files_.replace_file(path, content);
}

Result<std::string> Ledger::read_tile(const TileId& tile) const {
  return files_.read_file(folder_ + "/" + tile_path(tile));
}

TileBuilder::Sink Ledger::sink() {
  return [this](const TileId& tile, std::string_view content) { return store_tile(tile, content); };
}

TileBuilder::Source Ledger::tiles() const {
  return [this](const TileId& tile) { return read_tile(tile); };
}

Result<std::string> Ledger::resource(std::string_view path) const {
  const std::lock_guard lock(published_mutex_);
  if (path == "checkpoint") return checkpoint_;
  if (path == "key") return files_.read_file(folder_ + "/" + std::string(path));
  const auto tile = parse_tile_path(path);
  return tile ? tile_resource(*tile) : Result<std::string>(no_such_resource(path));
}

Result<std::string> Ledger::tile_resource(const TileId& tile) const {
  const std::uint64_t full = full_tiles(tile.level, published_.size);
  if (tile.index < full && tile.width == kTileWidth) return read_tile(tile);
  const unsigned present = tile.index < full ? kTileWidth : partial_width(tile.level, published_.size);
  if (tile.index > full || tile.width > present) return no_such_resource(tile_path(tile));
  // A partial tile is the beginning of every later one of its place.
  auto content = read_tile({tile.level, tile.index, present});
  if (!content) return content;
  if (tile.level == TileId::kEntries) return head_of_bundle(*std::move(content), tile.width);
  content->resize(std::min<std::size_t>(content->size(), tile.width * sizeof(Digest)));
  return content;
}

Result<std::vector<Digest>> Ledger::prove_inclusion(std::uint64_t index, std::uint64_t size) const {
  const std::lock_guard lock(published_mutex_);
  if (size > published_.size) return no_such_resource("proof");
  const auto source = [this](const TileId& tile) { return tile_resource(tile); };
  return inclusion_proof(tile_nodes(source, size), index, size);
}

Result<std::vector<Digest>> Ledger::prove_consistency(std::uint64_t from, std::uint64_t to) const {
  const std::lock_guard lock(published_mutex_);
  if (to > published_.size) return no_such_resource("proof");
  const auto source = [this](const TileId& tile) { return tile_resource(tile); };
  return consistency_proof(tile_nodes(source, to), from, to);
}

}  // namespace gnomon::journal
