#include "journal/batch_proof.h"

#include <fmt/format.h>

#include <algorithm>

#include "journal/journal.h"
#include "journal/record_codec.h"
#include "journal/tile.h"

namespace gnomon::journal {

namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

tl::unexpected<Error> not_proven(std::string reason) {
  return failure(ErrorCode::kCorrupt, "check proof of a batch", {}, std::move(reason),
                 "keep what you have and ask who runs the observatory");
}

Result<Checkpoint> newest_checkpoint(const std::string& note) {
  const auto parts = split_note(note);
  const auto checkpoint = parts ? parse_checkpoint_text(parts->text) : tl::unexpected(parts.error());
  if (checkpoint) return *checkpoint;
  return failure(ErrorCode::kCorrupt, "read", "ledger/checkpoint", std::string(checkpoint.error().reason));
}

// The 96 bytes of one entry, out of its bundle.
Result<std::string> entry_bytes(const Ledger& ledger, std::uint64_t index, std::uint64_t size) {
  const std::uint64_t bundle = index / kTileWidth;
  const auto width = static_cast<unsigned>(std::min<std::uint64_t>(kTileWidth, size - bundle * kTileWidth));
  const auto content = ledger.resource(tile_path({TileId::kEntries, bundle, width}));
  if (!content) return tl::unexpected(content.error());
  auto rest = bytes_of(*content);
  for (std::uint64_t i = bundle * kTileWidth;; ++i) {
    const auto entry = take_bundled(rest);
    if (!entry) return failure(ErrorCode::kCorrupt, "read", "ledger/tile/entries", std::string(entry.error().reason));
    if (i == index) return std::string(reinterpret_cast<const char*>(entry->data()), entry->size());
  }
}

}  // namespace

Result<std::string> signed_batch_of(const Journal& journal, std::uint64_t record) {
  auto reader = journal.read(record);
  if (!reader) return tl::unexpected(reader.error());
  auto entry = reader->next();
  if (!entry) return tl::unexpected(entry.error());
  if (*entry) return std::move((*entry)->signed_batch);
  return failure(ErrorCode::kNotFound, "read journal record", std::to_string(record), "there is none");
}

Result<TlogProof> prove_record(const Journal& journal, std::uint64_t record) {
  const Ledger& ledger = journal.ledger();
  auto note = ledger.resource("checkpoint");
  if (!note) return tl::unexpected(note.error());
  const auto checkpoint = newest_checkpoint(*note);
  if (!checkpoint) return tl::unexpected(checkpoint.error());
  if (record >= checkpoint->size) {
    return failure(ErrorCode::kUnavailable, "prove journal record", std::to_string(record),
                   "no checkpoint holds it yet", "come back in a second");
  }
  auto entry = entry_bytes(ledger, record, checkpoint->size);
  if (!entry) return tl::unexpected(entry.error());
  auto hashes = ledger.prove_inclusion(record, checkpoint->size);
  if (!hashes) return tl::unexpected(hashes.error());
  return TlogProof{std::move(*entry), record, std::move(*hashes), std::move(*note)};
}

Result<ProvenBatch> check_batch_proof(std::string_view signed_batch, const TlogProof& proof, const VerifierKey& key) {
  auto batch = schema::read_signed_batch(bytes_of(signed_batch));
  if (!batch) return not_proven(fmt::format("the batch: {} at {}", batch.error().reason, batch.error().offset));
  const auto entry = decode_entry(bytes_of(proof.extra));
  if (!entry) return not_proven(fmt::format("the ledger's entry: {}", entry.error().reason));
  const schema::BatchHead& head = batch->head();
  if (entry->batch_digest != batch->digest() || entry->probe != head.probe || entry->sequence != head.sequence) {
    return not_proven("the ledger's entry is of another batch");
  }
  if (entry->record != proof.index) return not_proven("the ledger's entry has another number");
  const auto checkpoint = open_checkpoint(proof.checkpoint, key);
  if (!checkpoint) return not_proven(fmt::format("the checkpoint: {}", checkpoint.error().reason));
  if (!verify_inclusion(leaf_hash(bytes_of(proof.extra)), proof.index, checkpoint->size, proof.hashes,
                        checkpoint->root)) {
    return not_proven("the entry is not in the tree that the checkpoint signs");
  }
  return ProvenBatch{std::move(*batch), *entry, *checkpoint};
}

}  // namespace gnomon::journal
