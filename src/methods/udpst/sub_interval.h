#pragma once

// Sub-intervals between the three forms that they have: counts (load_statistics.h), status PDU (pdu.h), result
// (result.h). Pure.

#include "methods/udpst/load_statistics.h"
#include "methods/udpst/result.h"

namespace gnomon::methods::udpst {

BitRate ip_rate(std::uint64_t datagrams, std::uint64_t payload_bytes, Nanoseconds length, Family family);

SubInterval to_sub_interval(const LoadCounts& counts, Nanoseconds length, Nanoseconds end, Family family);
SubInterval to_sub_interval(const SubIntervalStatistics& statistics, Family family);
SubIntervalStatistics to_statistics(const LoadCounts& counts, Nanoseconds length, Nanoseconds end);

// Milliseconds, or kNoDelay when nothing was counted.
std::uint32_t pdu_milliseconds(Nanoseconds time, std::uint64_t count);
// What does not fit is the most that does.
std::uint32_t pdu_count(std::uint64_t count);

// The highest rate, and the sub-interval that had it; the first one when several do. A receiver that stalls ends a
// sub-interval late, and what waited meanwhile is counted in the next: those that such an end lies between count as
// one.
std::optional<Maximum> maximum_of(const std::vector<SubInterval>& sub_intervals);
// The highest mean rate of three in a row; none when there are fewer.
std::optional<BitRate> sustained_of(const std::vector<SubInterval>& sub_intervals);

}  // namespace gnomon::methods::udpst
