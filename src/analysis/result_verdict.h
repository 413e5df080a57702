#pragma once

// What limited a transfer, written into the result that travels and rests (schema/access_result.h). Pure.

#include "analysis/transfer_limit.h"
#include "schema/access_result.h"

namespace gnomon::analysis {

// Verdict, confidence, evidence, queue and policer.
void fill_verdict(const TransferLimit& limit, schema::AccessResult& out);

}  // namespace gnomon::analysis
