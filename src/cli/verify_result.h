#pragma once

// `gnomon verify URL/speed/result?id=…`: proves one visitor's speed test from what anybody can fetch: the signed batch,
// its proof, and the ledger's key.

#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "journal/batch_proof.h"

namespace gnomon::cli {

struct ResultLink {
  std::string server;  // "https://speed.example"
  std::string id;
};
// Nothing for what is no link to a result.
std::optional<ResultLink> parse_result_link(std::string_view url);

// `key`: the ledger's, when the user trusts one; else the server's own word. kCorrupt when something does not hold.
Result<journal::ProvenBatch> prove_result(const ResultLink& link, const std::optional<journal::VerifierKey>& key);
// What was proven, a line each; JSON with `json`.
std::string proven_text(const journal::ProvenBatch& proven, bool json);

}  // namespace gnomon::cli
