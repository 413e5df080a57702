// links: probe
// max_len: 512 - a plan with most sections fits, and each line costs the YAML library microseconds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "probe/plan.h"
#include "probe/schedule.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon::probe;
  const PlanReading reading = parse_plan(std::string_view(reinterpret_cast<const char*>(bytes), size));
  // Either a plan or faults, never both or neither.
  if (reading.plan.has_value() == !reading.faults.empty()) std::abort();
  if (reading.faults.size() > kPlanFaultLimit) std::abort();
  if (!reading.plan) return 0;
  auto paths = paths_of(*reading.plan, {"probe", "a", ""});
  keep_limits(*reading.plan, paths);
  return 0;
}
