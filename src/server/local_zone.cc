#include "server/local_zone.h"

#include <ctime>

namespace gnomon::server {

analysis::Zone local_zone(WallTime at) {
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(at.since_epoch).count();
  std::tm local{};
  if (localtime_r(&seconds, &local) == nullptr) return {};
  return {std::chrono::minutes(local.tm_gmtoff / 60)};
}

}  // namespace gnomon::server
