#include "lab/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace gnomon::lab {

namespace {

struct Setting {
  const char* name;  // Below /proc/sys/net.
  std::string_view value;
  bool required;  // Others are not in every kernel.
};

constexpr std::array kSite{
    Setting{"ipv6/conf/all/disable_ipv6", "0", true},
    Setting{"ipv6/conf/default/disable_ipv6", "0", true},
    Setting{"ipv4/ip_forward", "1", true},
    Setting{"ipv4/conf/all/rp_filter", "0", true},
    Setting{"ipv4/conf/default/rp_filter", "0", true},
    Setting{"ipv4/conf/all/send_redirects", "0", true},
    Setting{"ipv4/conf/default/send_redirects", "0", true},
    Setting{"ipv4/icmp_ratelimit", "0", true},
    Setting{"ipv4/icmp_msgs_per_sec", "1000000", false},
    Setting{"ipv4/icmp_msgs_burst", "1000000", false},
    Setting{"ipv4/fib_multipath_hash_policy", "1", true},
    Setting{"ipv4/ping_group_range", "0 2147483647", false},
    Setting{"ipv6/conf/all/forwarding", "1", true},
    Setting{"ipv6/conf/default/forwarding", "1", true},
    Setting{"ipv6/conf/default/accept_dad", "0", true},
    Setting{"ipv6/conf/default/dad_transmits", "0", true},
    Setting{"ipv6/conf/default/accept_ra", "0", true},
    Setting{"ipv6/conf/default/router_solicitations", "0", true},
    Setting{"ipv6/icmp/ratelimit", "0", true},
    Setting{"ipv6/fib_multipath_hash_policy", "1", true},
};

constexpr std::array kEmulator{
    Setting{"ipv6/conf/all/disable_ipv6", "1", true},
    Setting{"ipv6/conf/default/disable_ipv6", "1", true},
    Setting{"ipv4/ip_forward", "0", true},
};

Status write_setting(const Setting& setting) {
  const std::string path = std::string("/proc/sys/net/") + setting.name;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0)
    return errno_failure(errno, "open kernel setting", path, "is IPv6 built into this kernel, and /proc writable?");
  const auto written = ::write(fd, setting.value.data(), setting.value.size());
  const int error = errno;
  ::close(fd);
  if (written < 0) return errno_failure(error, "write kernel setting", path);
  return {};
}

template <std::size_t N>
Status write_all(const std::array<Setting, N>& settings) {
  for (const Setting& setting : settings) {
    if (Status status = write_setting(setting); !status && setting.required) return status;
  }
  return {};
}

}  // namespace

Status prepare_site_sysctls() {
  return write_all(kSite);
}
Status forget_path_mtus() {
  return write_setting({"ipv4/route/flush", "1", true});
}
Status prepare_emulator_sysctls() {
  return write_all(kEmulator);
}

}  // namespace gnomon::lab
