#pragma once

// The numbers of M-Lab's ndt7 protocol, version 0.11.0 (ndt-server, spec/ndt7-protocol.md), and ours beside them.

#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/clock.h"

namespace gnomon::methods::ndt7 {

inline constexpr std::string_view kProtocol = "net.measurementlab.ndt.v7";
inline constexpr std::string_view kDownloadPath = "/ndt/v7/download";
inline constexpr std::string_view kUploadPath = "/ndt/v7/upload";

// "WebSocket channel usage": binary messages hold 2^10 to 2^24 bytes, the first 2^13.
inline constexpr std::uint64_t kLeastMessage = std::uint64_t{1} << 10;
inline constexpr std::uint64_t kFirstMessage = std::uint64_t{1} << 13;
inline constexpr std::uint64_t kLargestMessage = std::uint64_t{1} << 24;
// Browsers hold a message whole before they tell of it; some have failed on those of 2^24 bytes.
inline constexpr std::uint64_t kLargestForBrowser = std::uint64_t{1} << 20;
// Appendix, "Adapting binary message size": doubled while smaller than this part of what was sent.
inline constexpr std::uint64_t kMessageShare = 16;

// A test lasts ten seconds from the handshake on and may be ended after thirteen.
inline constexpr Nanoseconds kLength = std::chrono::seconds(10);
inline constexpr Nanoseconds kKilledAfter = std::chrono::seconds(13);
// The receiving end of an upload waits a little longer for the sender to end it.
inline constexpr Nanoseconds kGrace = std::chrono::seconds(1);
// Ours: a peer that neither takes nor gives anything for so long is let go.
inline constexpr Nanoseconds kIdleAfter = std::chrono::seconds(5);
// At most ten texts a second on average; M-Lab's server sends four.
inline constexpr Nanoseconds kMeasureEvery = std::chrono::milliseconds(100);
// "The WebSocket handshake": of the query string, in bytes.
inline constexpr std::size_t kQueryMost = 4096;

constexpr std::uint64_t next_message_size(std::uint64_t size, std::uint64_t sent, std::uint64_t largest) {
  return size * 2 <= largest && size < sent / kMessageShare ? size * 2 : size;
}

}  // namespace gnomon::methods::ndt7
