// lab_exec of lab_daemon.h: a command at a site.
#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "cli/exit_code.h"
#include "cli/lab_daemon.h"
#include "lab/lab_client.h"

namespace gnomon::cli {

namespace {

// A process is in one user namespace already, and the kernel refuses to enter it again.
bool is_ours(int user_namespace) {
  struct stat theirs {};
  struct stat ours {};
  return ::fstat(user_namespace, &theirs) == 0 && ::stat("/proc/self/ns/user", &ours) == 0 &&
         theirs.st_ino == ours.st_ino;
}

// The site's interfaces under /sys. The control groups stay where they were, so that a speed test at a site can tell
// that its group's quota holds it back.
void mount_interfaces() {
  constexpr const char* kGroups = "/sys/fs/cgroup";
  const int groups = ::open_tree(AT_FDCWD, kGroups, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  if (::mount("sysfs", "/sys", "sysfs", 0, nullptr) != 0) {
    std::fputs("gnomon: /sys still shows the host's interfaces\n", stderr);
  } else if (groups >= 0 && ::move_mount(groups, "", AT_FDCWD, kGroups, MOVE_MOUNT_F_EMPTY_PATH) != 0) {
    std::fputs("gnomon: control groups cannot be seen at the site\n", stderr);
  }
  if (groups >= 0) ::close(groups);
}

// What a command at a site sees of the machine, for this command alone: interfaces, and the sites' names in /etc/hosts.
// It runs without, too.
void mount_view(const std::string& hosts) {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return;
  mount_interfaces();
  std::array<char, 32> name{"/tmp/gnomon-hosts-XXXXXX"};
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return;
  const bool written =
      ::write(file, hosts.data(), hosts.size()) == static_cast<ssize_t>(hosts.size()) && ::fchmod(file, 0644) == 0;
  if (!written || ::mount(name.data(), "/etc/hosts", nullptr, MS_BIND, nullptr) != 0) {
    std::fputs("gnomon: sites are known by address only, not by name\n", stderr);
  }
  ::close(file);
  ::unlink(name.data());  // The mount keeps it.
}

}  // namespace

int lab_exec(const std::string& socket, const std::string& site, const std::vector<std::string>& command) {
  const auto place = lab::LabClient(socket).enter(site);
  if (!place) return report(place.error());
  if (!is_ours(place->user_namespace)) {
    // Root there is the user who started the lab; nobody else has a name inside.
    const bool entered =
        ::setns(place->user_namespace, CLONE_NEWUSER) == 0 && ::setresgid(0, 0, 0) == 0 && ::setresuid(0, 0, 0) == 0;
    if (!entered)
      return report(
          errno_failure(errno, "enter the lab's user namespace", "", "run as the user who started the lab").value());
  }
  ::close(place->user_namespace);
  if (const Status entered = place->network.enter(); !entered) return report(entered.error());
  mount_view(place->hosts);
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ::execvp(words[0], words.data());
  return report(errno_failure(errno, "run", command.front()).value());
}

}  // namespace gnomon::cli
