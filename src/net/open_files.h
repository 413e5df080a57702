#pragma once

// How many files and sockets this process may have open at once (setrlimit(2), RLIMIT_NOFILE). Thread-safe.

#include <cstdint>

namespace gnomon::net {

// Raises the limit as far as the system lets this user, and says what it is then.
std::uint64_t raise_open_files();

}  // namespace gnomon::net
