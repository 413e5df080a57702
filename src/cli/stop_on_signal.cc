#include "cli/stop_on_signal.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <csignal>

namespace gnomon::cli {
namespace {

sigset_t stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  return signals;
}

}  // namespace

StopOnSignal::StopOnSignal() {
  const auto signals = stop_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = net::FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC));
  end_ = net::FileDescriptor(::eventfd(0, EFD_CLOEXEC));
  thread_ = std::thread([this] {
    std::array<pollfd, 2> both{{{signals_.get(), POLLIN, 0}, {end_.get(), POLLIN, 0}}};
    while (::poll(both.data(), both.size(), -1) < 0) {
    }
    if (both[0].revents == 0) return;
    flag_ = true;
    stop_.request_stop();
    // The next one is for the process.
    const auto again = stop_signals();
    signalfd_siginfo first{};
    [[maybe_unused]] const auto size = ::read(signals_.get(), &first, sizeof first);
    ::pthread_sigmask(SIG_UNBLOCK, &again, nullptr);
    while (::poll(&both[1], 1, -1) < 0) {
    }
  });
}

StopOnSignal::~StopOnSignal() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(end_.get(), &one, sizeof one);
  thread_.join();
}

}  // namespace gnomon::cli
