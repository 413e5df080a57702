#include "cli/ping_session.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <mutex>

#include "cli/ping_json.h"
#include "methods/engine.h"
#include "methods/registry/registry.h"
#include "net/file_descriptor.h"

namespace gnomon::cli {
namespace {

constexpr int kRedrawMilliseconds = 100;
constexpr Nanoseconds kLeastPatience = std::chrono::milliseconds(50);

// Takes what the engine's thread tells and wakes the main thread.
class Mailbox final : public methods::DelaySink {
 public:
  explicit Mailbox(int wake_fd) : wake_fd_(wake_fd) {}

  void on_packet(methods::PathHandle, const methods::PacketReport& report) override {
    const std::lock_guard lock(mutex_);
    reports_.push_back(report);
    wake();
  }
  void on_window(methods::PathHandle, schema::DelayWindow window) override {
    const std::lock_guard lock(mutex_);
    window_ = std::move(window);
  }
  void on_end(methods::PathHandle) override {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    wake();
  }

  std::vector<methods::PacketReport> take_reports() {
    const std::lock_guard lock(mutex_);
    return std::exchange(reports_, {});
  }
  bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }
  std::optional<schema::DelayWindow> window() {
    const std::lock_guard lock(mutex_);
    return window_;
  }

 private:
  void wake() const { ::eventfd_write(wake_fd_, 1); }
  int wake_fd_;
  std::mutex mutex_;
  std::vector<methods::PacketReport> reports_;
  std::optional<schema::DelayWindow> window_;
  bool ended_ = false;
};

net::FileDescriptor catch_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGINT, SIGTERM, SIGWINCH}) sigaddset(&signals, number);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return net::FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
}

class Session {
 public:
  Session(const PingRequest& request, net::FileDescriptor signals, net::FileDescriptor wake)
      : request_(request),
        signals_(std::move(signals)),
        wake_(std::move(wake)),
        mailbox_(wake_.get()),
        statistics_(clock_.now()),
        start_(clock_.now()) {}

  Result<bool> run() {
    auto engine = methods::Engine::start(methods::all_methods(), random_);
    if (!engine) return tl::unexpected(engine.error());
    engine_ = std::move(*engine);
    auto path = engine_->add(request_.spec, mailbox_);
    if (!path) return tl::unexpected(path.error());
    path_ = *path;
    while (!mailbox_.ended()) {
      wait();
      take_reports();
      show();
    }
    take_reports();
    finish();
    return statistics_.answered > 0;
  }

 private:
  [[nodiscard]] bool live() const { return terminal_.interactive && !request_.json; }

  void wait() {
    std::array<pollfd, 2> fds{pollfd{signals_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
    // A live view is redrawn at its own pace, lines come as packets do.
    ::poll(fds.data(), live() ? 1 : 2, live() ? kRedrawMilliseconds : 1000);
    eventfd_t ignored = 0;
    ::eventfd_read(wake_.get(), &ignored);
    signalfd_siginfo signal{};
    while (::read(signals_.get(), &signal, sizeof signal) == sizeof signal) {
      if (signal.ssi_signo == SIGWINCH) terminal_ = Terminal::of_stdout();
      if (signal.ssi_signo != SIGWINCH) stop();
    }
  }

  // The first time it waits for answers still under way, about as long as they have taken; the second time not at all.
  void stop() {
    const auto patience = std::max<Nanoseconds>(2 * statistics_.rtt_max, kLeastPatience);
    engine_->remove(path_, stopping_ ? Nanoseconds{} : patience);
    stopping_ = true;
  }

  void take_reports() {
    for (const auto& report : mailbox_.take_reports()) {
      statistics_.add(report, clock_.now());
      if (!live() && !request_.json) {
        fmt::print("{}\n", packet_line(report));
        std::fflush(stdout);
      }
    }
  }

  std::vector<std::string> block() {
    return ping_block(request_.subject, statistics_, engine_->counters().packets_sent, start_, clock_.now(), terminal_);
  }

  void show() {
    if (live()) screen_.draw(block());
  }

  void finish() {
    if (request_.json) {
      fmt::print("{}\n", ping_json(request_.subject, request_.spec, mailbox_.window()));
    } else if (live()) {
      screen_.draw(block());
    } else {
      terminal_.width = 200;  // a file has no edge
      for (const auto& line : block()) fmt::print("{}\n", line);
    }
    std::fflush(stdout);
  }

  const PingRequest& request_;
  net::FileDescriptor signals_, wake_;
  SystemClock clock_;
  SystemRandom random_;
  Terminal terminal_ = Terminal::of_stdout();
  LiveBlock screen_;
  Mailbox mailbox_;
  PingStatistics statistics_;
  MonotonicTime start_;
  methods::PathHandle path_{};
  bool stopping_ = false;
  std::unique_ptr<methods::Engine> engine_;  // last: it calls the mailbox until it is gone
};

}  // namespace

Result<bool> run_ping(const PingRequest& request) {
  auto signals = catch_signals();
  net::FileDescriptor wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!signals.valid() || !wake.valid()) return errno_failure(errno, "start", "ping");
  return Session(request, std::move(signals), std::move(wake)).run();
}

}  // namespace gnomon::cli
