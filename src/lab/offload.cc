#include "lab/offload.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gnomon::lab {

Status turn_offloads_off(const std::string& interface) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno_failure(errno, "open socket", "");
  Status outcome;
  // Segmentation first: the kernel refuses to take checksums from under it silently.
  for (const unsigned command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM}) {
    ethtool_value value{.cmd = command, .data = 0};
    ifreq request{};
    interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (::ioctl(fd, SIOCETHTOOL, &request) != 0 && outcome)
      outcome = errno_failure(errno, "turn offload off", interface);
  }
  ::close(fd);
  return outcome;
}

}  // namespace gnomon::lab
