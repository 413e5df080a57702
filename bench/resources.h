#pragma once

// What processes use, read from /proc. Thread-safe.

#include <sys/types.h>

#include <cstdint>

namespace gnomon::bench {

// User and system time of a process and all its threads, seconds, at the kernel's tick (10 ms). Zero when it is gone.
double cpu_seconds(pid_t process);
double cpu_seconds();  // of this process, exact

// Resident memory in bytes, and the part of it that is not backed by files (the page cache can take that back).
struct Memory {
  std::uint64_t resident = 0;
  std::uint64_t anonymous = 0;
};
Memory memory(pid_t process);

}  // namespace gnomon::bench
