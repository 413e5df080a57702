#pragma once

// What a transfer's samples say and what limited it, written into the result that travels and rests
// (schema/access_result.h). Pure.

#include "analysis/transfer_limit.h"
#include "schema/access_result.h"

namespace gnomon::analysis {

// Verdict, confidence, evidence, queue and policer.
void fill_verdict(const TransferLimit& limit, schema::AccessResult& out);
// Processor time of both ends and the share sent again.
void fill_ends(const schema::Transfer& transfer, schema::AccessResult& out);

}  // namespace gnomon::analysis
