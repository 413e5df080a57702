#include "cli/speed_all.h"

#include <algorithm>

namespace gnomon::cli {

std::string_view to_string(MethodState state) {
  switch (state) {
    case MethodState::kMeasured:
      return "measured";
    case MethodState::kBrokeOff:
      return "broke_off";
    case MethodState::kNotOffered:
      return "not_offered";
    case MethodState::kNoAnswer:
      return "no_answer";
    case MethodState::kRefused:
      return "refused";
    case MethodState::kStopped:
      return "stopped";
  }
  return "";
}

void reckon(AccessDirection& direction, Family family) {
  constexpr std::uint32_t kTcpHeaders = 20 + 12;  // with timestamps, which the kernel's segment size leaves out
  direction.packets.family = family;
  for (const MethodRun& run : direction.runs) {
    if (run.mss == 0) continue;
    direction.packets.mtu = static_cast<int>(run.mss + kTcpHeaders + (family == Family::kIpv4 ? 20 : 40));
    break;
  }
  std::vector<analysis::MethodRate> rates;
  for (const MethodRun& run : direction.runs) {
    if (run.rate) rates.push_back(*run.rate);
  }
  direction.rates = analysis::reconcile(rates, direction.packets);
  direction.verdict = analysis::access_verdict(rates, direction.rates);
}

int exit_code_of(const SpeedAllResult& result) {
  const auto is_whole = [](const AccessDirection& direction) {
    const bool broke = std::ranges::any_of(direction.runs, [](const MethodRun& run) {
      return run.state == MethodState::kBrokeOff || run.state == MethodState::kStopped;
    });
    return direction.verdict.ip_bps > 0 && !broke;
  };
  return !result.stopped && std::ranges::all_of(result.directions, is_whole) ? 0 : 1;
}

}  // namespace gnomon::cli
