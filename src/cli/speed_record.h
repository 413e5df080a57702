#pragma once

// The samples of a transfer as text, a line each: the evidence behind a verdict, for whoever doubts it. The format is
// that of src/analysis/testdata/transfers, so that a verdict that was wrong becomes a test.

#include <string>

#include "core/error.h"
#include "schema/transfer.h"

namespace gnomon::cli {

// Comment lines of `#`, header lines "NAME VALUE", one line "columns …", and the samples, counters since the first
// byte. What an end did not tell is 0.
std::string transfer_record(const schema::Transfer& transfer, const std::string& about);

// Writes FILE with "-down" or "-up" before its extension, replacing what is there. kIo when that fails.
Status write_transfer_record(const std::string& file, const schema::Transfer& transfer, const std::string& about);

}  // namespace gnomon::cli
