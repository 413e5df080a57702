#pragma once

// The verdict on a transfer as a sentence that a citizen understands, in both languages, each written by itself. Pure.

#include <optional>

#include "analysis/transfer_limit.h"

namespace gnomon::analysis {

// `facts` are those that the verdict was made from; nothing when the transfer was too short.
Text limit_text(const TransferLimit& limit, const schema::Transfer& transfer,
                const std::optional<TransferFacts>& facts);

}  // namespace gnomon::analysis
