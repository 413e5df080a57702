#pragma once

// A transfer of TCP over one bottleneck, as a small simulation in steps of half a millisecond: makes the samples for
// which the verdict is known, because it was put there. It knows nothing of the code that it judges.
//
// What is modelled: slow start with or without HyStart, Reno (RFC 5681), CUBIC (RFC 9438), a BBR-like sender that paces
// at the greatest rate delivered in ten round trips and does not mind losses; drop-tail queue, random loss, token
// bucket; head-of-line blocking at the receiver until a lost segment is there; socket buffers of both ends; processors
// with a ceiling, shared with others or with a quota in periods of 100 ms (cpu.max); an application that writes
// smoothly or in blocks; traffic of others; samples that come when they come. What is not: single packets (streams are
// fluid, losses are whole segments), delayed acknowledgements, ECN, routes.

#include <cstdint>
#include <optional>

#include "schema/transfer.h"

namespace gnomon::analysis {

enum class Control : std::uint8_t { kReno, kCubic, kBbr };

// A processor as one end's thread finds it.
struct SceneCpu {
  double bytes_per_second = 4e9;  // what the thread can do when it has it for itself
  double share = 1;               // of the processor, when others want it all the time
  double quota = 1;               // of each period of 100 ms
};

struct SceneBucket {
  double bytes_per_second = 0;
  double burst = 0;
};

struct SceneOthers {
  double from = 0;  // seconds
  double bytes_per_second = 0;
};

struct Scene {
  double link = 12.5e6;                            // bytes per second
  double rtt = 0.02;                               // seconds, without queue
  double queue = 250e3;                            // bytes
  double loss = 0;                                 // share of segments
  double receive_buffer = 6e6, send_buffer = 4e6;  // bytes, each stream
  std::optional<SceneBucket> bucket;
  std::optional<SceneOthers> others;
  SceneCpu sender, receiver;
  double pace = 0;   // bytes per second that the application writes, all streams together; 0: as fast as it can
  double block = 0;  // bytes that it writes at once when paced
  Control control = Control::kCubic;
  bool hystart = true;
  int streams = 1;
  double length = 10;       // seconds
  double rtt_noise = 2e-4;  // seconds, mean of what the ends add
  std::uint64_t seed = 1;
};

schema::Transfer simulate(const Scene& scene);

}  // namespace gnomon::analysis
