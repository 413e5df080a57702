#pragma once

// Keeps keys and passwords where only this process sees them.

#include <cstddef>
#include <span>
#include <string>

namespace gnomon::crypto {

// First thing in main(), before any thread, key or file: new files are for their owner alone, no core dump is written
// (GNOMON_CORE_DUMPS=1 allows them, for debugging), and private keys live in memory that no dump includes and that is
// not swapped out.
void protect_process();

// No other process of the same user may look into this one (PR_SET_DUMPABLE). Not for processes that make namespaces:
// their /proc/self would belong to somebody else.
void forbid_tracing();

// Overwrites and empties it; not optimised away.
void wipe(std::string& secret);
void wipe(std::span<std::byte> secret);

}  // namespace gnomon::crypto
