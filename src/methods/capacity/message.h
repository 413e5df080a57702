#pragma once

// What client and server say to each other on the control connection of a capacity test (docs/spec/capacity.md): one
// JSON object a line, its member "type" the name below in lower case. Times are nanoseconds, rates bit/s. Pure
// functions.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "methods/capacity/hello.h"
#include "schema/transfer.h"

namespace gnomon::methods::capacity {

inline constexpr std::size_t kLongestLine = 4096;  // bytes, without its end
inline constexpr std::uint32_t kMostStreams = 64;
inline constexpr Nanoseconds kLongestTest = std::chrono::seconds(60);
inline constexpr Nanoseconds kLongestHold = std::chrono::minutes(6);
inline constexpr std::size_t kMostOffers = 8;

// Client: a test, please.
struct Ask {
  schema::Direction direction = schema::Direction::kDown;
  std::uint32_t streams = 1;       // 1 to kMostStreams
  Nanoseconds most{};              // above 0, at most kLongestTest
  std::string congestion_control;  // empty: the sender's system's choice
  std::uint64_t pace_bps = 0;      // of all streams together; 0: as fast as it goes
  std::uint32_t window_bytes = 0;  // receive buffer of each stream; 0: the kernel's own tuning
  bool copy = false;               // the receiver reads the bytes instead of letting the kernel drop them
};
// Client: a turn for several tests, of this and other methods, please. It lasts as long as the connection.
struct Hold {
  Nanoseconds most{};  // above 0, at most kLongestHold
};
// Another method that the same machine serves, in the same line.
struct Offer {
  std::string method;      // "udpst", "ndt7", "responsiveness"
  std::uint16_t port = 0;  // above 0
  bool tls = false;
  friend bool operator==(const Offer&, const Offer&) = default;
};
// Server: others are before you. Sent when that changes, and each second.
struct Wait {
  std::uint64_t tests = 0;
  Nanoseconds time{};
};
// Server: it is your turn. The token belongs into the hello of each stream.
struct Ready {
  Token token{};
  std::string program;
  std::vector<Offer> offers;  // in answer to Hold only; at most kMostOffers
};
// Server: no test. Ends the connection.
struct Refused {
  std::string reason;
  std::string advice;
};
// Client: all streams are connected. Server: they are here; who sends begins.
struct Start {};
// Server: what its end has seen so far.
struct Seen {
  schema::TransferSample sample;
};
// Client: enough; what it counted, which the server holds against what it knows itself.
struct Stop {
  std::uint64_t bytes = 0;
};
// Server: the end. `claim_is_false`: the client counted more than was ever acknowledged, or sent less than it says.
struct Done {
  std::string congestion_control;  // of the server's sockets
  std::uint32_t mss = 0;           // bytes, as the server's sockets send
  bool claim_is_false = false;
};

using Message = std::variant<Ask, Hold, Wait, Ready, Refused, Start, Seen, Stop, Done>;

// One line without its end; never longer than kLongestLine.
std::string encode(const Message& message);
wire::Decoded<Message> decode_message(std::string_view line) noexcept;

}  // namespace gnomon::methods::capacity
