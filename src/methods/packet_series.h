#pragma once

// One path's packets and windows: what was sent, what came back, and what that means. No I/O and no clock of its own;
// every call brings its time, so that all rules are tested without waiting.
//
// A packet is answered (in time), lost, or refused by an ICMP error and then lost; it counts in the window in which it
// was sent. Answers beyond that (duplicates, late ones, strays) count in the packet's window while that is open, else
// in the newest.
//
// Windows end on a grid, and in between where the path fell silent or answered again (methods/response_change.h), so
// that a change is told within seconds and no window mixes both.
//
// Belongs to one thread.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "methods/loss_direction.h"
#include "methods/method.h"
#include "methods/packet_ring.h"
#include "methods/response_change.h"
#include "schema/delay_window.h"

namespace gnomon::methods {

struct SeriesOptions {
  Nanoseconds interval = std::chrono::seconds(1);
  Nanoseconds timeout = std::chrono::seconds(3);
  Nanoseconds window = std::chrono::seconds(10);
  MonotonicTime grid;   // any end of a window
  MonotonicTime start;  // when the path began
  bool stateful_reflector = false;
  bool report_packets = false;
};

struct ReceivedAnswer {
  std::uint32_t sequence = 0;
  std::uint64_t cookie = 0;
  std::optional<std::uint32_t> remote_sequence;
  std::optional<ReflectorTimes> reflector;
  std::optional<Ttl> ttl;
};

class PacketSeries {
 public:
  explicit PacketSeries(const SeriesOptions& options);

  // The number of the next packet.
  [[nodiscard]] std::uint32_t next_sequence() const { return ring_.next(); }
  void sent(const SendTimes& times, std::uint64_t cookie, bool late);
  // An attempt that the kernel refused. `reason` must be a string that stays.
  void not_sent(MonotonicTime now, Nanoseconds wall_offset, std::string_view reason);
  void kernel_sent(std::uint32_t sequence, bool scheduled, WallTime time);

  // False when the answer's number or cookie is wrong; it was counted as stray.
  bool answered(const ReceivedAnswer& answer, const ReceiveTimes& times, const LocalClock& clock);
  // An ICMP error about a packet; `cookie` when the quote reached so far. False as above.
  bool refused(std::uint32_t sequence, std::optional<std::uint64_t> cookie, const net::Address* reporter,
               std::string_view reason);
  void stray(MonotonicTime now);
  void wall_clock_stepped();
  void mark(std::uint32_t marks);

  // Decides what has become due and closes windows; call at next_due or later.
  void advance(MonotonicTime now);
  // Ends the path: no more sending; undecided packets are waited for until `deadline`.
  void finish(MonotonicTime now, MonotonicTime deadline);
  [[nodiscard]] bool finished() const { return finishing_ && windows_.empty(); }
  // When advance has something to do; nothing while idle.
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;

  // What has come out since the last call.
  std::vector<schema::DelayWindow> take_windows() { return std::exchange(closed_, {}); }
  std::vector<PacketReport> take_reports() { return std::exchange(reports_, {}); }

 private:
  struct OpenWindow {
    std::uint32_t number = 0;
    MonotonicTime start, end;
    MonotonicTime due;   // when to try to close it: first when the last packet's time-out has passed
    MonotonicTime last;  // when to close it whatever is still unknown
    std::uint32_t not_sent = 0;
    Nanoseconds rtt_sum{};
    std::uint32_t reordered_forward = 0;
    std::uint32_t reordered_backward = 0;
    schema::DelayWindow result;
  };

  // Packets of which none was answered, as counted in a window.
  struct Silent {
    std::uint32_t sent = 0;
    std::uint32_t lost = 0;
    std::uint32_t unreachable = 0;
  };

  OpenWindow& window_at(MonotonicTime now, Nanoseconds wall_offset);
  OpenWindow* find_window(std::uint32_t number);
  OpenWindow* window_for_extra(std::uint32_t number);
  void count_answer(OpenWindow& window, PacketRecord& record, const DelaySample& sample, const ReceivedAnswer& answer);
  void count_extra(PacketRecord& record, const ReceivedAnswer& answer, bool late);
  void decide(MonotonicTime now);
  void decide_answered(std::uint32_t sequence, PacketRecord& record);
  void decide_lost(std::uint32_t sequence, PacketRecord& record);
  // Takes note of an answer's number by the reflector; whether one that it sent later had come back before.
  bool overtaken_backward(std::uint32_t remote_sequence);
  void find_reordered_forward(std::uint32_t sequence, const PacketRecord& record);
  void withdraw_undecided();
  void close_windows(MonotonicTime now);
  void close(OpenWindow& window);
  [[nodiscard]] bool worth_waiting(const OpenWindow& window, MonotonicTime now) const;
  [[nodiscard]] Silent under_way_in(std::uint32_t window) const;
  OpenWindow split_off(OpenWindow& window, const Silent& silent);
  void split_tail(std::size_t index, MonotonicTime at, const Silent& silent);
  void split_where_run_began();
  void cut(MonotonicTime now);
  [[nodiscard]] bool is_change() const;
  [[nodiscard]] bool may_end_early(const OpenWindow& window, MonotonicTime now) const;
  void report(PacketReport report);

  SeriesOptions options_;
  PacketRing ring_;
  LossDirection direction_;
  ResponseChange response_;
  bool cuts_;                       // windows are long enough to be cut
  std::deque<OpenWindow> windows_;  // oldest first
  std::vector<schema::DelayWindow> closed_;
  std::vector<PacketReport> reports_;
  std::uint32_t undecided_ = 0;  // the first packet not yet decided
  std::uint32_t next_window_ = 0;
  std::optional<std::uint32_t> newest_answered_;
  std::optional<std::uint32_t> greatest_remote_;    // of the packets decided, which are in sending order
  std::optional<std::uint32_t> greatest_returned_;  // of the answers so far, which are in order of arrival
  bool finishing_ = false;
  MonotonicTime deadline_;
};

}  // namespace gnomon::methods
