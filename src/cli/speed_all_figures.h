#pragma once

// What each method found, in the terms in which they can be compared (analysis/reconciliation.h). Pure functions.

#include <optional>
#include <string>

#include "cli/speed_all.h"
#include "methods/ndt7/ndt7_client.h"
#include "methods/responsiveness/responsiveness.h"
#include "methods/udpst/result.h"
#include "net/tcp_reach.h"

namespace gnomon::cli {

std::string streams_name(std::uint32_t streams);  // "TCP, one stream", "TCP, 8 streams"

// What this machine's measuring thread got of its processor while it measured.
struct OwnCpu {
  Nanoseconds running{}, waiting{}, elapsed{};
};

void fill(MethodRun& run, const SpeedFigures& figures);
void fill(MethodRun& run, const methods::udpst::UdpCapacity& found, const std::optional<OwnCpu>& cpu);
void fill(MethodRun& run, const methods::ndt7::RunResult& found, bool tls);
void fill(MethodRun& run, const methods::responsiveness::WorkingConditions& found, bool tls,
          const std::optional<OwnCpu>& cpu);

// What keeps a method from beginning: its port, or what the server or this machine said. False for a port that is open.
bool fill(MethodRun& run, net::TcpReach reach, Port port);
void fill(MethodRun& run, const Error& error);

}  // namespace gnomon::cli
