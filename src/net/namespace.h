#pragma once

// Network namespaces held by file descriptors, and a thread that works inside them (namespaces(7), setns(2)).
//
// A socket belongs for life to the namespace of the thread that opened it; so it is enough to open it on a
// NamespaceRunner, after which any thread may use it. No other thread ever changes its namespace: inside a user
// namespace a thread cannot return to the host's network namespace, once it has left it.

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "core/error.h"

namespace gnomon::net {

// An owned file descriptor of a network namespace: the namespace lives as long as any descriptor, process or named
// mount holds it, so an anonymous one vanishes with its last holder, even after kill -9. Movable; `share` duplicates.
// Immutable after building: any thread may read it.
class Namespace {
 public:
  // A new and empty namespace (only `lo`, which is down). Needs CAP_SYS_ADMIN in the current user namespace.
  static Result<Namespace> create();
  // The namespace of the calling thread.
  static Result<Namespace> current();
  // A bind mount such as /run/netns/NAME, or /proc/PID/ns/net.
  static Result<Namespace> from_path(const std::string& path);
  // A descriptor that another process holds: /proc/PID/fd/FD. Needs the right to trace that process.
  static Result<Namespace> from_pid_fd(int pid, int fd);
  // Takes a descriptor over, e.g. one received over a Unix socket (SCM_RIGHTS). Fails when it is no network namespace.
  static Result<Namespace> from_fd(int fd);

  Namespace(Namespace&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Namespace& operator=(Namespace&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;
  ~Namespace();

  // Still owned by this object. Close-on-exec.
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] Result<Namespace> share() const;
  // Moves the calling thread here for good. Only for threads and children made for this; others use NamespaceRunner.
  [[nodiscard]] Status enter() const;

 private:
  explicit Namespace(int fd) : fd_(fd) {}
  int fd_ = -1;
};

// One thread that hops among namespaces and runs functions there, one at a time. Any thread may call `run`; it blocks
// until the function has run, so a function must not call the same runner. Destroy after the last call has returned.
class NamespaceRunner {
 public:
  NamespaceRunner();
  ~NamespaceRunner();
  NamespaceRunner(const NamespaceRunner&) = delete;
  NamespaceRunner& operator=(const NamespaceRunner&) = delete;

  // Runs `function` in `place`; an Error when the thread could not get there (the function has not run then). The
  // function must not throw.
  [[nodiscard]] Status run(const Namespace& place, const std::function<void()>& function);

  // The same for a function that returns a Result<T>; an Error of getting there comes back as its Error.
  template <typename Function>
  [[nodiscard]] auto call(const Namespace& place, Function&& function) -> std::invoke_result_t<Function> {
    using Answer = std::invoke_result_t<Function>;
    std::unique_ptr<Answer> answer;
    const Status moved = run(place, [&] { answer = std::make_unique<Answer>(function()); });
    if (!moved) return tl::unexpected(moved.error());
    return std::move(*answer);
  }

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gnomon::net
