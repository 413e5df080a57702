#pragma once

// What a UDP capacity test found (RFC 9097): plain values.
//
// Rates are IP-layer rates: the bits of whole IP packets, header included (RFC 9097 §5.2), counted where they arrive.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/units.h"
#include "net/address.h"

namespace gnomon::methods::udpst {

// As the client sees it.
enum class Direction : std::uint8_t { kUp, kDown };

struct DelayRange {
  Nanoseconds min{}, mean{}, max{};
  friend bool operator==(const DelayRange&, const DelayRange&) = default;
};

// Above the least of the test. `mean` of the round trips is missing when the other end measured: it reports the ends.
struct RttRange {
  Nanoseconds min{}, max{};
  friend bool operator==(const RttRange&, const RttRange&) = default;
};

// One sub-interval (1 s unless asked otherwise) at the receiver.
struct SubInterval {
  Nanoseconds end{};     // since the first sub-interval began
  Nanoseconds length{};  // as measured
  std::uint64_t datagrams = 0;
  ByteCount ip_bytes{};
  BitRate ip_rate{};
  std::uint64_t lost = 0, reordered = 0, duplicated = 0;
  LossRatio loss_ratio{};                             // lost / (lost + received without duplicates)
  std::optional<DelayRange> one_way_delay_variation;  // above the least one-way delay of the test
  std::optional<RttRange> rtt_variation;
};

// The highest rate of a test.
struct Maximum {
  std::size_t sub_interval = 0;  // place of the one that had it, in the list
  BitRate rate{};                // of it and of those that cannot be told apart from it (maximum_of())
  friend bool operator==(const Maximum&, const Maximum&) = default;
};

// How the sender kept up with the rate that it was to send; known when the sender is this end.
struct SenderAccount {
  std::uint64_t sent = 0;     // datagrams
  std::uint64_t skipped = 0;  // due, but the processor came too late
  // Due, but the kernel took no more: the queue of this machine's own interface was full. Such a first hop is part of
  // the path: its queue shows as delay, not as loss.
  std::uint64_t refused = 0;
  // No more than 2 % of what was due came too late.
  [[nodiscard]] bool held_rate() const { return skipped * 50 <= sent + skipped + refused; }
};

enum class Outcome : std::uint8_t {
  kCompleted,
  kNoAnswer,     // the server did not answer the requests
  kRefused,      // the server said no: `refusal`
  kInterrupted,  // the other end fell silent during the test
  kCancelled,
};

struct UdpCapacity {
  Outcome outcome = Outcome::kNoAnswer;
  std::string refusal;   // one sentence, when refused
  bool is_busy = false;  // refused because another test runs: coming back may help
  Direction direction = Direction::kDown;
  net::Endpoint server;  // its control port
  Port test_port{};      // that it named for the test; 0 until it has
  std::uint16_t protocol_version = 0;
  bool authenticated = false;
  std::vector<SubInterval> sub_intervals;
  // The sub-interval with the highest rate, which is the capacity (RFC 9097 §5.3, Maximum_C); none without any.
  std::optional<Maximum> maximum;
  // The highest mean over three sub-intervals in a row; none with fewer. A bucket on the path that lets a burst pass
  // above its rate shows in `maximum` with all of it, here with a third.
  std::optional<BitRate> sustained;
  std::optional<Nanoseconds> rtt_minimum;  // resolution 1 ms when the other end measured
  std::optional<SenderAccount> sender;

  [[nodiscard]] std::optional<BitRate> capacity() const {
    return maximum ? std::optional(maximum->rate) : std::nullopt;
  }
  // The capacity is more than 2 % above what lasted three sub-intervals.
  [[nodiscard]] bool is_burst() const { return sustained && capacity()->value * 50 > sustained->value * 51; }
};

}  // namespace gnomon::methods::udpst
