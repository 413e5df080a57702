#include "methods/responsiveness/ready_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace gnomon::methods::responsiveness {

Result<ReadyLoop> ReadyLoop::create(const Clock& clock) {
  net::FileDescriptor epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return errno_failure(errno, "start responsiveness test", {});
  return ReadyLoop(std::move(epoll), clock);
}

void ReadyLoop::watch(Watched& watched) {
  watched.writing_ = watched.wants_write();
  epoll_event event{};
  event.events = watched.writing_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &watched;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, watched.fd(), &event);
}

void ReadyLoop::follow(Watched& watched) {
  if (watched.writing_ == watched.wants_write()) return;
  watched.writing_ = watched.wants_write();
  epoll_event event{};
  event.events = watched.writing_ ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.ptr = &watched;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, watched.fd(), &event);
}

void ReadyLoop::wait(MonotonicTime until) {
  std::array<epoll_event, 128> events{};
  const auto left = std::max(Nanoseconds{}, until - clock_->now());
  const timespec time{static_cast<time_t>(left / std::chrono::seconds(1)),
                      static_cast<long>((left % std::chrono::seconds(1)).count())};
  const int count = ::epoll_pwait2(epoll_.get(), events.data(), events.size(), &time, nullptr);
  const auto at = clock_->now();
  for (int i = 0; i < count; ++i) {
    auto& watched = *static_cast<Watched*>(events[static_cast<std::size_t>(i)].data.ptr);
    watched.on_ready(at);
    follow(watched);
  }
}

}  // namespace gnomon::methods::responsiveness
