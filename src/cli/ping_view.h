#pragma once

// How `gnomon ping` looks: the live block, the plain lines when piped, the summary. Pure functions of what was seen.

#include <string>
#include <vector>

#include "cli/ping_statistics.h"
#include "cli/terminal.h"

namespace gnomon::cli {

struct PingSubject {
  std::string name;        // as the user wrote it
  net::Endpoint endpoint;  // port 0 for echo
  std::string method;      // "echo", "stamp", "twamp-light"
};

// Four to six lines, none wider than the terminal.
std::vector<std::string> ping_block(const PingSubject& subject, const PingStatistics& statistics, std::uint64_t sent,
                                    MonotonicTime start, MonotonicTime now, const Terminal& terminal);

// One line for one packet; empty for what needs none.
std::string packet_line(const methods::PacketReport& report);

// What is wrong and what to try, or empty while all is well. `sent` as above.
std::string ping_advice(const PingSubject& subject, const PingStatistics& statistics, std::uint64_t sent);

// "12.344 ms", "21.5 µs" below a millisecond, "1.234 s" from ten seconds on.
std::string delay_text(Nanoseconds delay, bool utf8);

}  // namespace gnomon::cli
