#pragma once

// How working conditions are reached and when they have been measured long enough (draft-ietf-ippm-responsiveness-09,
// "Final Algorithm" and "Confidence of Test-Results"), without sockets: intervals come in, the number of flows and
// probes comes out. First goodput has to settle, then responsiveness. Plain state; belongs to one thread.

#include <cstdint>
#include <deque>
#include <optional>

#include "core/clock.h"
#include "core/units.h"
#include "methods/responsiveness/rpm.h"

namespace gnomon::methods::responsiveness {

// Low: fewer than `average_distance` intervals. Medium: enough of them, but not settled. High: settled.
enum class Confidence : std::uint8_t { kLow, kMedium, kHigh };
std::string_view to_string(Confidence confidence);

// The draft's parameters ("Test Parameters") with the short names that they have there.
struct SearchOptions {
  unsigned average_distance = 4;                   // MAD, intervals
  Nanoseconds interval = std::chrono::seconds(1);  // ID; 1 s up to revision 08, 5 s "for now" in 09
  double kept = 0.95;                              // TMP
  double tolerance = 0.05;                         // SDT
  unsigned first_flows = 1;                        // INP
  unsigned more_flows = 1;                         // INC
  unsigned most_flows = 16;                        // MNP
  double most_probes = 100;                        // MPS, per second, foreign and self together
  double probe_share = 0.05;                       // PTC, of the goodput
  bool tls = true;
  Nanoseconds goodput_time = std::chrono::seconds(10);  // for each stage at most
  Nanoseconds rpm_time = std::chrono::seconds(10);
};

struct Interval {
  Nanoseconds length{};
  std::uint64_t bytes_down = 0, bytes_up = 0;  // moved by the load-generating flows
  ProbeDelays probes;                          // that ended in it
};

class ResponsivenessSearch {
 public:
  enum class Stage : std::uint8_t { kGoodput, kResponsiveness, kDone };

  explicit ResponsivenessSearch(const SearchOptions& options) : options_(options), flows_(options.first_flows) {}

  void end_interval(Interval interval);

  [[nodiscard]] Stage stage() const { return stage_; }
  [[nodiscard]] unsigned flows() const { return flows_; }  // that should be open now
  // Foreign and self probes together per second: so few that they take no more than their share, by what the draft
  // reckons for each (5,000 and 1,000 bytes); at least one pair per second.
  [[nodiscard]] double probes_per_second() const;

  // Of the last `average_distance` intervals, as far as there are so many.
  [[nodiscard]] BitRate goodput_down() const;
  [[nodiscard]] BitRate goodput_up() const;
  [[nodiscard]] ProbeDelays recent() const;
  [[nodiscard]] std::optional<Rpm> rpm() const { return rpm_of(recent(), options_.tls, options_.kept); }

  [[nodiscard]] Confidence goodput_confidence() const;
  [[nodiscard]] Confidence rpm_confidence() const;
  [[nodiscard]] unsigned intervals() const { return intervals_; }

 private:
  void judge_goodput();
  void judge_rpm();
  [[nodiscard]] bool settled(const std::deque<double>& values) const;
  void remember(std::deque<double>& values, double value) const;
  template <typename Bytes>
  [[nodiscard]] BitRate rate(Bytes bytes_of) const;

  SearchOptions options_;
  Stage stage_ = Stage::kGoodput;
  unsigned flows_;
  unsigned intervals_ = 0;
  std::deque<Interval> recent_;  // at most MAD
  std::deque<double> goodputs_;  // moving averages, bit/s, at most MAD
  std::deque<double> rpms_;      // the same of responsiveness
  unsigned goodput_intervals_ = 0, rpm_intervals_ = 0;
  Nanoseconds stage_time_{};
  bool goodput_settled_ = false, rpm_settled_ = false;
};

}  // namespace gnomon::methods::responsiveness
