#pragma once

// When which burst of load datagrams leaves: the two transmitters of a sending rate (RFC 9946). A sender that wakes
// late sends what has become due since, up to 5 ms of it; the rest is skipped and counted, so that a busy processor
// shows as a sender that could not hold its rate and not as a burst that fills the path's buffers. Pure; one thread.

#include <optional>

#include "core/clock.h"
#include "core/random.h"
#include "core/units.h"
#include "methods/udpst/pdu.h"

namespace gnomon::methods::udpst {

// `count` datagrams of `payload` bytes, then one of `addon` bytes unless that is 0.
struct Burst {
  std::uint32_t payload = 0, count = 0, addon = 0;
  [[nodiscard]] std::uint32_t datagrams() const { return count + (addon > 0 ? 1 : 0); }
  friend bool operator==(const Burst&, const Burst&) = default;
};

class LoadPacer {
 public:
  LoadPacer(Family family, Random& random) : family_(family), random_(random) {}

  // `rate` is sane (rate_table.h). A transmitter that was silent begins one interval from now.
  void set_rate(const SendingRate& rate, MonotonicTime now);
  // One burst that is due; nothing when none is. To be called until then.
  std::optional<Burst> due(MonotonicTime now);
  // Nothing while both transmitters are silent.
  [[nodiscard]] std::optional<MonotonicTime> next_due() const;
  // Datagrams that were due and not sent because the sender came too late.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

 private:
  struct Transmitter {
    Nanoseconds interval{};
    std::uint32_t payload = 0, burst = 0, addon = 0;
    std::optional<MonotonicTime> due;
  };
  void set(Transmitter& transmitter, const Transmitter& wanted, MonotonicTime now);
  [[nodiscard]] std::uint32_t size(std::uint32_t payload);

  Family family_;
  Random& random_;
  Transmitter first_, second_;
  std::uint64_t skipped_ = 0;
};

}  // namespace gnomon::methods::udpst
