#pragma once

// Error codes as process exit codes: 0 done, 1 the answer is "no" (a host that does not answer, a log that does not
// verify), 2 the caller's words are wrong, 3 and above: Gnomon could not do its work.

#include "core/error.h"

namespace gnomon::cli {

int exit_code(ErrorCode code);

// Prints "gnomon: <error>" on standard error and returns its exit code.
int report(const Error& error);

}  // namespace gnomon::cli
