#pragma once

// What the two ends of a capacity test saw, as a series of samples: the evidence from which analysis/ says what limited
// the test. Filled by methods/ (TCP capacity, ndt7); plain values, not thread-safe.
//
// Counters count from the first byte of the transfer, over all its streams together; they never go back. What an end
// cannot know (a browser knows no TCP_INFO) is left out.

#include <cstdint>
#include <optional>
#include <vector>

#include "core/clock.h"

namespace gnomon::schema {

// As the client sees it: kDown is what it receives.
enum class Direction : std::uint8_t { kDown = 1, kUp };

// What an end's threads got of the processor.
struct CpuUse {
  Nanoseconds running{};  // the threads' time on a processor, all of them together
  Nanoseconds busiest{};  // that of the thread that ran longest
  Nanoseconds waiting{};  // that the busiest thread was ready to run and did not: others ran, or its quota was used up
  Nanoseconds throttled{};  // that the control group stood still because its quota was used up (cpu.stat, cgroup v2)
};

// TCP as the sender's kernel sees it (TCP_INFO), summed up or averaged over the streams.
struct SenderTcp {
  std::uint64_t acked_bytes = 0;
  std::uint64_t sent_segments = 0;
  std::uint64_t retransmitted_segments = 0;
  Nanoseconds rtt{};      // smoothed, mean of the streams
  Nanoseconds min_rtt{};  // least of the streams
  // Time with data to send, and of it the time that the receiver's window or the sender's own buffer held it back; mean
  // of the streams.
  Nanoseconds busy{}, window_limited{}, buffer_limited{};
  std::uint64_t congestion_window_bytes = 0;  // sum
  std::uint64_t unsent_bytes = 0;             // in the socket, not yet sent; sum
  bool application_limited = false;  // the last delivery rate of most streams was (tcpi_delivery_rate_app_limited)
};

struct TransferSample {
  Nanoseconds at{};                  // since the first byte, by the clock of the end that receives
  std::uint64_t received_bytes = 0;  // handed to the receiving application
  std::optional<SenderTcp> tcp;
  std::optional<CpuUse> sender_cpu, receiver_cpu;
};

// The radio over which the client reaches its network.
struct RadioState {
  bool is_wifi = false;              // else cellular
  std::optional<double> signal_dbm;  // RSSI of Wi-Fi, RSRP of a cell
  std::optional<double> link_bps;    // what the radio has negotiated in the transfer's direction (PHY rate)
};

struct Transfer {
  Direction direction = Direction::kDown;
  std::uint32_t streams = 1;
  // Bytes that the sender was able to hand over but did not, because its own pace (an option) forbade it.
  bool paced_by_sender = false;
  double pace_bps = 0;                  // that pace, bit/s of all streams together, when it is known; 0: not
  std::vector<TransferSample> samples;  // by time, usually 20 a second
  std::optional<RadioState> radio;      // at the end of the transfer, when the client has one and its state is known
};

}  // namespace gnomon::schema
