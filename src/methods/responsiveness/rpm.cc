#include "methods/responsiveness/rpm.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gnomon::methods::responsiveness {
namespace {

double per_minute(Nanoseconds delay) {
  // A delay of nothing is one that the clock could not tell.
  return 60e9 / static_cast<double>(std::max<Nanoseconds::rep>(1, delay.count()));
}

}  // namespace

void ProbeDelays::add(const ProbeDelays& other) {
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(tcp, other.tcp);
  append(tls, other.tls);
  append(http, other.http);
  append(self, other.self);
  append(total, other.total);
}

std::optional<Nanoseconds> trimmed_mean(std::vector<Nanoseconds> samples, double kept) {
  if (samples.empty()) return std::nullopt;
  const double wanted = std::ceil(static_cast<double>(samples.size()) * kept - 1e-9);
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(wanted), 1, samples.size());
  std::ranges::sort(samples);
  const auto sum =
      std::accumulate(samples.begin(), samples.begin() + static_cast<std::ptrdiff_t>(count), Nanoseconds{});
  return sum / count;
}

std::optional<Rpm> rpm_of(const ProbeDelays& delays, bool tls, double kept) {
  const auto tcp = trimmed_mean(delays.tcp, kept);
  const auto secure = trimmed_mean(delays.tls, kept);
  const auto http = trimmed_mean(delays.http, kept);
  const auto self = trimmed_mean(delays.self, kept);
  if (!tcp || !http || !self || (tls && !secure)) return std::nullopt;
  const Nanoseconds foreign = tls ? (*tcp + *secure + *http) / 3 : (*tcp + *http) / 2;
  Rpm rpm{per_minute(foreign), per_minute(*self), 0};
  rpm.overall = (rpm.foreign + rpm.loaded) / 2;
  return rpm;
}

}  // namespace gnomon::methods::responsiveness
