#include "cli/speed_certificate.h"

#include <unistd.h>

#include <array>

#include "core/clock.h"

namespace gnomon::cli {

std::string own_host_name() {
  std::array<char, 254> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name.front() != '\0' ? name.data() : "localhost";
}

Result<crypto::SelfSigned> make_speed_certificate(const net::Address& listen) {
  const SystemClock clock;
  std::vector<std::string> names{own_host_name(), "localhost", "127.0.0.1", "::1"};
  if (!listen.is_unspecified()) names.push_back(net::to_string(listen));
  return crypto::make_self_signed(names, clock.wall(), std::chrono::hours(24 * 90));
}

}  // namespace gnomon::cli
