#pragma once

// One batch with its proof in the ledger: made by who has the journal, checked by anybody from two answers, the
// batch's bytes and the proof (tlog_proof.h), with no more trust than in the ledger's key.

#include <optional>
#include <string>

#include "journal/ledger_entry.h"
#include "journal/note.h"
#include "journal/tlog_proof.h"
#include "schema/batch_codec.h"

namespace gnomon::journal {

class Journal;

// The SignedBatch of a record, as it came. kNotFound when the journal has no such record.
Result<std::string> signed_batch_of(const Journal& journal, std::uint64_t record);

// Of a record to the newest checkpoint. kUnavailable, with when to come back, when no checkpoint has it yet; kNotFound.
// Thread-safe.
Result<TlogProof> prove_record(const Journal& journal, std::uint64_t record);

struct ProvenBatch {
  schema::VerifiedBatch batch;
  LedgerEntry entry;
  Checkpoint checkpoint;
};
// kCorrupt when anything does not hold: the probe's signature, the entry's hash of the batch, the path to the root, the
// ledger's signature. Pure; thread-safe.
Result<ProvenBatch> check_batch_proof(std::string_view signed_batch, const TlogProof& proof, const VerifierKey& key);

}  // namespace gnomon::journal
