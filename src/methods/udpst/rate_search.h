#pragma once

// The load rate adjustment algorithms B and C (TR-471 §5.2.1, ITU-T Y.1540 Annex B, RFC 9097 §8.1) as a state machine:
// one feedback in, one row of the rate table out. Runs at the server in both directions. Pure; one thread.
//
// Beyond the standard: losses that the path makes at a fraction of the rate as well (path_loss.h) are no sign of
// congestion, so that a link that loses by chance is searched up to its capacity.

#include <cstddef>
#include <cstdint>

#include "methods/udpst/path_loss.h"
#include "methods/udpst/pdu.h"
#include "methods/udpst/rate_table.h"

namespace gnomon::methods::udpst {

enum class Algorithm : std::uint8_t { kB = 0, kC = 1 };

struct SearchSettings {
  Algorithm algorithm = Algorithm::kB;
  std::uint32_t low_threshold_ms = 30, upper_threshold_ms = 90;
  std::uint32_t sequence_error_threshold = 10;
  std::uint32_t slow_adjust_threshold = 3;
  std::uint32_t high_speed_delta = 10;  // rows
  bool ignore_reordering = true;        // reordered and duplicated datagrams are no sequence errors
  bool use_one_way_delay = false;       // its mean variation instead of the last round-trip variation
  std::uint16_t rate_index = ActivationPdu::kSearchIndex;
  bool index_is_start = false;  // else a given index is kept for the whole test
  std::uint32_t suppressed_sub_intervals = 0;
  std::size_t highest_index = RateTable::kRows - 1;
};

SearchSettings search_settings(const ActivationPdu& activation);

// What the receiver saw in one trial interval.
struct Feedback {
  std::uint32_t lost = 0, reordered = 0, duplicated = 0;
  std::uint32_t delay_sum_ms = 0, delay_count = 0;
  std::uint32_t rtt_variation_ms = kNoDelay;
  std::uint32_t sub_intervals = 0;  // whole ones so far
  std::uint32_t datagrams = 0;      // received
};

class RateSearch {
 public:
  RateSearch(const RateTable& table, const SearchSettings& settings);
  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] const SendingRate& rate() const { return table_.row(index_); }
  // Moves to the row that follows from the feedback.
  void adjust(const Feedback& feedback);

 private:
  enum class Signal : std::uint8_t { kClear, kHold, kCongested };
  [[nodiscard]] Signal signal(const Feedback& feedback);
  [[nodiscard]] bool is_fixed() const;
  void rise_b();
  void fall_b();
  void rise_c();
  void fall_c();
  void fall_far();

  const RateTable& table_;
  SearchSettings settings_;
  std::size_t index_ = 0;
  std::uint32_t slow_count_ = 0;
  std::uint32_t retry_count_ = 0, retry_threshold_ = 5;  // algorithm C
  bool may_double_ = false;                              // algorithm C doubles at every other feedback
  PathLoss path_loss_;
};

}  // namespace gnomon::methods::udpst
