#pragma once

// Tells loss on the way there from loss on the way back, and reordering there, from the numbers of a reflector that
// counts the packets it receives (stateful, RFC 8762 §4.3). Packets come in sending order, each once, when decided.
//
// Between two answered packets S0 < S1, which the reflector numbered R0 and R1, it received R1 − R0 of the S1 − S0
// packets: the difference was lost on the way there, the rest of the unanswered on the way back. Reordering shifts the
// count between neighbours, duplication on the way there adds to it; `balance` carries both along. Losses after the
// last answered packet wait for the next one.
//
// Belongs to one thread.

#include <cstdint>
#include <map>

namespace gnomon::methods {

class LossDirection {
 public:
  struct Share {
    std::uint32_t forward = 0;
    std::uint32_t backward = 0;
    bool known = true;  // false: the reflector lost its count in a gap that holds losses of this window
  };

  explicit LossDirection(bool stateful) : stateful_(stateful) {}

  void lost(std::uint32_t window) { ++gap_[window]; }
  void answered(std::uint32_t sequence, std::uint32_t remote_sequence);
  // A second answer to a packet under another number: it was doubled on the way there.
  void duplicated_forward() { ++balance_; }

  // Whether the reflector is known to count on its own.
  [[nodiscard]] bool stateful() const { return stateful_; }
  // Whether losses of this window wait for a later answer.
  [[nodiscard]] bool waits(std::uint32_t window) const { return gap_.contains(window); }
  // The losses of a window told apart so far; it is forgotten then.
  Share take(std::uint32_t window);
  // A window is split: the losses that wait, or those told apart so far, all lie in its part `to`.
  void move_waiting(std::uint32_t from, std::uint32_t to);
  void move_told(std::uint32_t from, std::uint32_t to);

 private:
  void share_gap(std::int64_t forward);

  bool stateful_;
  std::uint32_t last_sequence_ = ~0u;  // before the first packet, 0; a fresh reflector counts from 0 too
  std::uint32_t last_remote_ = ~0u;
  std::int64_t balance_ = 0;
  std::map<std::uint32_t, std::uint32_t> gap_;  // window → losses since the last answered packet
  std::uint32_t gone_ = 0;                      // further ones, whose windows were taken meanwhile; before all others
  std::map<std::uint32_t, Share> shares_;
};

}  // namespace gnomon::methods
