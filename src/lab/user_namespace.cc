#include "lab/user_namespace.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>

namespace gnomon::lab {

namespace {

constexpr const char* kOperation = "enter user namespace";

Status write_file(const char* path, const std::string& text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno_failure(errno, kOperation, path);
  const auto written = ::write(fd, text.data(), text.size());
  const int error = errno;
  ::close(fd);
  if (written < 0) return errno_failure(error, kOperation, path);
  return {};
}

// A system switch that forbids unprivileged user namespaces, and the command that allows them.
std::string advice() {
  struct Switch {
    const char* path;
    int forbids;
    const char* command;
  };
  static constexpr std::array kSwitches{
      Switch{"/proc/sys/kernel/unprivileged_userns_clone", 0, "sudo sysctl kernel.unprivileged_userns_clone=1"},
      Switch{"/proc/sys/user/max_user_namespaces", 0, "sudo sysctl user.max_user_namespaces=10000"},
      Switch{"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 1,
             "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"}};
  for (const Switch& one : kSwitches) {
    int value = -1;
    if (std::ifstream(one.path) >> value && value == one.forbids) return std::string("allow it with: ") + one.command;
  }
  return "run as root instead";
}

}  // namespace

bool has_lab_rights() {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, 2> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) return false;
  constexpr std::uint32_t kNeeded = 1U << CAP_SYS_ADMIN | 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW;
  return (sets[0].effective & kNeeded) == kNeeded;
}

Status enter_user_namespace() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) {
    const int error = errno;
    if (error == EINVAL)
      return errno_failure(error, kOperation, "", "internal fault: it must come before the first thread");
    return errno_failure(error, kOperation, "", advice());
  }
  if (Status status = write_file("/proc/self/setgroups", "deny"); !status) return status;
  if (Status status = write_file("/proc/self/uid_map", "0 " + std::to_string(user) + " 1"); !status) return status;
  if (Status status = write_file("/proc/self/gid_map", "0 " + std::to_string(group) + " 1"); !status) return status;
  // Mounts made from now on stay here.
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return errno_failure(errno, kOperation, "/");
  return {};
}

Status ensure_lab_rights() {
  return has_lab_rights() ? Status{} : enter_user_namespace();
}

}  // namespace gnomon::lab
