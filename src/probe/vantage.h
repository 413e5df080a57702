#pragma once

// The health of the place that measures, for every batch: broken at home is not an outage.
//
// Readings become a judgement in pure functions. MachineSensor is shared by all probes of a process and belongs to one
// thread.

#include <cstdint>
#include <string>
#include <vector>

#include "core/clock.h"
#include "net/clock_watch.h"
#include "probe/rtnetlink.h"

namespace gnomon::v1 {
class VantageHealth;
}

namespace gnomon::probe {

struct MachineReading {
  float cpu_busy_ratio = 0;  // all cores, since the last reading
  std::uint64_t resident_bytes = 0;
  bool clock_synchronised = false;
  std::optional<Nanoseconds> clock_bound;
  Nanoseconds clock_stepped{};     // sum of steps since this sensor was made
  std::uint64_t packets_late = 0;  // of the engine, since the last reading
  std::uint64_t packets_sent = 0;
};

class MachineSensor {
 public:
  explicit MachineSensor(const Clock& clock) : watch_(clock) {}
  // Packet counts are left at zero; the caller knows the engine. Call it every second or so, that steps are seen soon.
  MachineReading read();

 private:
  net::ClockWatch watch_;
  Nanoseconds stepped_{};
  std::uint64_t busy_ = 0;
  std::uint64_t total_ = 0;
};

// Over which families the probe has paths that leave the machine.
struct FamiliesUsed {
  bool ipv4 = false;
  bool ipv6 = false;
};

struct Judgement {
  bool sick = false;       // nothing it measures can be trusted to be about the world
  bool ipv4_sick = false;  // the same for one family; set for both when `sick`
  bool ipv6_sick = false;
  std::vector<std::string> complaints;
};

// A family is sick when it is used and has no usable address, no route that leads beyond its links, or a gateway that
// does not answer (its neighbour entry failed; none yet is no complaint). The vantage is sick when every link is down,
// when all families it uses are, or when the processor is so busy that over a tenth of the packets leave late. A
// vantage that measures only itself over the loopback needs no link.
Judgement judge(const NetworkReading& network, const MachineReading& machine, FamiliesUsed used);

// Everything but the spool's part.
void fill(const NetworkReading& network, const MachineReading& machine, const Judgement& judgement, bool same_machine,
          v1::VantageHealth& health);

}  // namespace gnomon::probe
