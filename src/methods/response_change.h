#pragma once

// When has a path fallen silent, and when does it answer again? Watches the fates of its packets in sending order and
// finds a run that is no chance, so that a window can end where the path changed (docs/adr/0008).
//
// A run of losses is a silence when it lasts at least 2 s and is beyond chance at the loss that the path had before
// (core/loss_run.h: 5 packets up to 1 %). That takes losses as independent; bursts, as those of a radio handover, are
// what the 2 s are for. Answers again are 5 in a row over 2 s. At most two changes are told in 10 s.
//
// No I/O and no clock of its own. Belongs to one thread.

#include <array>
#include <cstdint>
#include <optional>

#include "core/clock.h"

namespace gnomon::methods {

class ResponseChange {
 public:
  static constexpr Nanoseconds kLeastLength = std::chrono::seconds(2);

  // Packets in a row with the same fate, up to the newest decided one.
  struct Run {
    bool answered = true;
    std::uint32_t first = 0;  // its first packet's number, sending time and window
    MonotonicTime since;
    std::uint32_t window = 0;
    std::uint32_t length = 0;
    std::uint32_t in_window = 0;  // how many of it belong to that window, and how many of those were refused
    std::uint32_t refused_in_window = 0;
    MonotonicTime last;     // the newest packet's sending time
    double usual_loss = 0;  // before the run, 0 to 1
  };

  // `interval`: between two packets; each stands for so long a time.
  explicit ResponseChange(Nanoseconds interval) : interval_(interval) {}

  struct Decision {
    std::uint32_t sequence = 0;
    MonotonicTime sent;
    std::uint32_t window = 0;
    bool answered = false;
    bool refused = false;
  };
  void decided(const Decision& decision);

  [[nodiscard]] const Run& run() const { return run_; }
  // The run is a change that was not told.
  [[nodiscard]] bool changed(MonotonicTime now) const;
  // It may become one; at the earliest after the length `missing`.
  [[nodiscard]] bool may_change(MonotonicTime now) const;
  [[nodiscard]] Nanoseconds missing() const;
  void told(MonotonicTime now);

 private:
  [[nodiscard]] std::uint32_t needed() const;
  [[nodiscard]] bool free_to_tell(MonotonicTime now) const;

  Nanoseconds interval_;
  Run run_;
  bool answers_ = true;  // as last told
  double loss_ = 0.01;   // moving average while the path answers; a guess until it has shown its own
  std::array<std::optional<MonotonicTime>, 2> told_at_;  // the older one first
};

}  // namespace gnomon::methods
