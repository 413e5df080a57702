#pragma once

// The link emulator: takes frames from one end of each link and gives them to the other, when and if the link's
// settings say so (link_queue.h). Runs in a process of its own (emulator_process.h), with real-time priority where
// allowed.
//
// Interface first_interface + 2i is the emulator's end towards site a of link i, the next one that towards site b; so
// the direction 2i takes frames from the former and sends them to the latter, and 2i + 1 the other way. One thread.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/error.h"
#include "lab/emulator_memory.h"
#include "lab/frame_pool.h"
#include "lab/link_queue.h"
#include "lab/packet_port.h"

namespace gnomon::lab {

struct EmulatorPorts {
  int packet_socket = -1;
  int first_interface = 0;
  int wake = -1;    // Event descriptor: new settings are in the memory.
  int answer = -1;  // Event descriptor: they have been applied.
  int parent = -1;  // Read end of a pipe whose write end only the lab holds: its end is the emulator's end.
};

class Emulator {
 public:
  static Result<std::unique_ptr<Emulator>> create(EmulatorMemory& memory, EmulatorPorts ports, std::uint64_t seed);

  // Until the parent is gone.
  void run();

 private:
  struct Due {
    MonotonicTime at;
    std::uint64_t order = 0;  // Of arrival, so that frames due at the same time keep it.
    std::uint32_t slot = 0;
    std::uint32_t ticket = 0;
    friend bool operator>(const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };
  struct Held {
    std::uint32_t slot = 0;
    std::uint64_t flow = 0;
  };

  Emulator(EmulatorMemory& memory, EmulatorPorts ports, FramePool pool);
  bool refill();
  std::size_t receive();
  void accept(std::uint32_t slot, const PacketPort::Received& frame);
  void enqueue(std::uint32_t slot, MonotonicTime at);
  // Sends what is due by now; true when there was any.
  bool release();
  void leave(std::uint32_t slot, std::vector<std::uint32_t>& leaving);
  void send(const std::vector<std::uint32_t>& leaving);
  void apply_settings();
  // False when the parent is gone.
  bool wait();
  // Whether to be early and spin, or to sleep all the way.
  bool may_spin(MonotonicTime time);
  void learn_wake_latency(Nanoseconds latency);

  EmulatorMemory& memory_;
  EmulatorPorts ports_;
  PacketPort port_;
  FramePool pool_;
  int epoll_ = -1;
  std::vector<LinkQueue> queues_;
  std::vector<Due> due_;  // A heap, the earliest first.
  std::vector<std::vector<Held>> held_;
  std::vector<std::uint32_t> inbox_;  // Slots that the next frames are received into.
  std::vector<std::uint32_t> leaving_;
  std::uint64_t arrivals_ = 0;
  std::uint32_t generation_ = 0;
  MonotonicTime last_wait_;
  Nanoseconds spin_credit_{0};
  bool spinning_ = false;                                     // Since the last call of wait().
  Nanoseconds wake_latency_ = std::chrono::microseconds(50);  // From the end of a sleep to running again.
};

}  // namespace gnomon::lab
