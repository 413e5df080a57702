#include "net/namespace.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace gnomon::net {

namespace {

constexpr const char* kOwnNamespace = "/proc/thread-self/ns/net";
constexpr const char* kRightsAdvice =
    "run as root, or allow unprivileged user namespaces (sysctl user.max_user_namespaces, and on Debian derivatives "
    "kernel.unprivileged_userns_clone=1 or kernel.apparmor_restrict_unprivileged_userns=0)";

Result<int> open_namespace(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno_failure(errno, "open network namespace", path);
  return fd;
}

}  // namespace

Namespace::~Namespace() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Namespace> Namespace::from_fd(int fd) {
  const int type = ::ioctl(fd, NS_GET_NSTYPE);
  if (type == CLONE_NEWNET) return Namespace(fd);
  const int error = type < 0 ? errno : EINVAL;
  ::close(fd);
  return errno_failure(error, "use network namespace", "fd " + std::to_string(fd));
}

Result<Namespace> Namespace::from_path(const std::string& path) {
  return open_namespace(path).and_then([](int fd) { return from_fd(fd); });
}

Result<Namespace> Namespace::current() {
  return from_path(kOwnNamespace);
}

Result<Namespace> Namespace::from_pid_fd(int pid, int fd) {
  return from_path("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(fd));
}

Result<Namespace> Namespace::create() {
  Result<Namespace> created = failure(ErrorCode::kIo, "create network namespace", "", "the thread did not start");
  // A thread of its own leaves for the new namespace, opens it, and ends; the caller stays where it is.
  std::thread([&created] {
    if (::unshare(CLONE_NEWNET) != 0) {
      created = errno_failure(errno, "create network namespace", "", kRightsAdvice);
    } else {
      created = current();
    }
  }).join();
  return created;
}

Result<Namespace> Namespace::share() const {
  const int fd = ::fcntl(fd_, F_DUPFD_CLOEXEC, 3);
  if (fd < 0) return errno_failure(errno, "duplicate network namespace", "");
  return Namespace(fd);
}

Status Namespace::enter() const {
  if (::setns(fd_, CLONE_NEWNET) != 0) return errno_failure(errno, "enter network namespace", "", kRightsAdvice);
  return {};
}

struct NamespaceRunner::State {
  std::mutex callers;  // Held by the one caller whose function is being run.
  std::mutex mutex;    // Guards all below.
  std::condition_variable changed;
  const Namespace* place = nullptr;
  const std::function<void()>* function = nullptr;  // Set: work to do. Cleared by the thread when it is done.
  Status moved;
  bool stopping = false;
  std::thread thread;

  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return function != nullptr || stopping; });
      if (function == nullptr) return;
      moved = place->enter();
      if (moved) (*function)();
      function = nullptr;
      changed.notify_all();
    }
  }
};

NamespaceRunner::NamespaceRunner() : state_(std::make_unique<State>()) {
  state_->thread = std::thread([state = state_.get()] { state->serve(); });
}

NamespaceRunner::~NamespaceRunner() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

Status NamespaceRunner::run(const Namespace& place, const std::function<void()>& function) {
  const std::lock_guard turn(state_->callers);
  std::unique_lock lock(state_->mutex);
  state_->place = &place;
  state_->function = &function;
  state_->changed.notify_all();
  state_->changed.wait(lock, [this] { return state_->function == nullptr; });
  return state_->moved;
}

}  // namespace gnomon::net
