#pragma once

// One direction of a link as a pure model: for each frame that arrives, whether and when it leaves.
//
//   arrive ─► down? MTU? ─► policer ─► queue (tail drop) ─► serialisation at `rate` ─► loss ─► delay ± jitter ─► leave
//
// Policer: a token bucket (RFC 2698 calls such a one a meter): `burst` bytes at first, filled at `police` bits per
// second; a frame that finds fewer bytes in it than it has is dropped, the others take theirs and do not wait. Queue:
// frames are served one after another; a frame of n bytes takes 8n / rate. One that would wait longer than `queue` for
// its turn is dropped. Without a rate nothing waits. A lost frame has used the link: loss is on the wire. Jitter:
// uniform in [-jitter, +jitter] about `delay`, never below zero; frames keep their order, so that one with a small draw
// waits for those before it. Duplicate: a second copy leaves right behind the first. Reorder: the frame is marked
// `held`; its sender keeps it until the next frame of its flow has left, or kLongestHold has passed.
//
// Times are on any one clock that does not go back. Randomness is injected: one seed gives one history. One thread.

#include <cstddef>
#include <cstdint>

#include "core/clock.h"
#include "core/random.h"
#include "core/units.h"
#include "lab/link_settings.h"

namespace gnomon::lab {

// Long enough that a flow of ten packets a second is reordered, too; short of a probe's time-out.
inline constexpr Nanoseconds kLongestHold = std::chrono::milliseconds(250);
inline constexpr std::size_t kEthernetHeader = 14;

enum class Verdict : std::uint8_t { kForward, kDown, kMtu, kPolice, kQueue, kLoss };

struct Frame {
  std::size_t bytes = 0;  // With its Ethernet header, without frame check sequence.
  enum class Kind : std::uint8_t { kIpv4, kIpv6, kOther } kind = Kind::kOther;
};

struct Departure {
  Verdict verdict = Verdict::kForward;
  MonotonicTime at;        // When it leaves, if it is forwarded.
  bool duplicate = false;  // A second copy leaves with it.
  bool held = false;       // To be reordered.
};

class LinkQueue {
 public:
  LinkQueue(DirectionSettings settings, std::uint64_t seed) : settings_(settings), random_(seed) {}

  Departure arrive(MonotonicTime now, const Frame& frame);
  // From the next frame on. Frames that are under way keep their times, and later ones don't overtake them.
  void set(const DirectionSettings& settings) { settings_ = settings; }
  void set_down(bool down) { down_ = down; }
  [[nodiscard]] bool down() const { return down_; }

 private:
  bool chance(double ratio) { return ratio > 0 && random_.uniform() < ratio; }
  bool policed(MonotonicTime now, std::size_t bytes);
  bool lost(Frame::Kind kind);
  Nanoseconds propagation();

  DirectionSettings settings_;
  SeededRandom random_;
  bool down_ = false;
  double missing_bytes_ = 0;  // from a full bucket, as of `filled_at_`
  MonotonicTime filled_at_;
  MonotonicTime free_at_;     // When the serialiser has sent all that it accepted.
  MonotonicTime last_leave_;  // Nothing leaves before this: order is kept.
};

}  // namespace gnomon::lab
