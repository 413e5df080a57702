#include "cli/lab_daemon.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>

#include "cli/exit_code.h"
#include "core/clock.h"
#include "lab/control_socket.h"
#include "lab/lab.h"
#include "lab/lab_json.h"
#include "lab/user_namespace.h"

namespace gnomon::cli {

namespace {

// From here on, an end asked for by signal is read from a descriptor, by this thread alone.
int catch_end_signals() {
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int end : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, end);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  return ::signalfd(-1, &signals, SFD_CLOEXEC);
}

std::string greeting(const lab::Lab& lab, const LabUpOptions& options) {
  if (options.json) return lab::region_json(lab) + "\n";
  const lab::LabHealth health = lab.health();
  const lab::Region& region = lab.region();
  return fmt::format(
      "lab {} is up after {:.2f} s: {} sites, {} links, IPv4 and IPv6; emulator at {} priority.\n"
      "  gnomon lab exec {} -- ping -c 3 {}\n"
      "  gnomon lab fail {}\n"
      "  gnomon lab status\n",
      region.name, static_cast<double>(health.start_took.count()) / 1e9, region.sites.size(), region.links.size(),
      health.real_time ? "real-time" : "ordinary", region.sites.back().id, region.sites.front().id,
      region.links.front().id);
}

// Called once, when the lab is up (with its greeting) or cannot be (with the error).
using Tell = std::function<void(bool up, const std::string& text)>;

int serve(const LabUpOptions& options, const Tell& tell) {
  const auto refuse = [&tell](const Error& error) {
    tell(false, fmt::format("gnomon: {}\n", error.message()));
    return exit_code(error.code);
  };
  const SystemClock clock;
  const int signals = catch_end_signals();
  auto region = lab::load_region(options.region);
  if (!region) return refuse(region.error());
  if (const Status rights = lab::ensure_lab_rights(); !rights) return refuse(rights.error());
  auto lab = lab::Lab::start(std::move(*region), {.seed = options.seed}, clock);
  if (!lab) return refuse(lab.error());
  auto control = lab::ControlServer::start(**lab, options.socket);
  if (!control) return refuse(control.error());
  tell(true, greeting(**lab, options));
  std::array<pollfd, 2> end{pollfd{.fd = signals, .events = POLLIN, .revents = 0},
                            pollfd{.fd = (*control)->stop_fd(), .events = POLLIN, .revents = 0}};
  while (::poll(end.data(), end.size(), -1) < 0 && errno == EINTR) continue;
  return 0;
}

// Leaves the terminal and the current folder, once there is nothing left to say or to read there.
void detach() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, stream);
  ::close(null);
  if (::chdir("/") != 0) return;  // Staying only keeps a file system from being unmounted.
}

[[noreturn]] void run_background(const LabUpOptions& options, int report_fd) {
  ::setsid();
  const int code = serve(options, [report_fd](bool up, const std::string& text) {
    const std::string report = (up ? "+" : "-") + text;
    if (::write(report_fd, report.data(), report.size()) < 0) std::fputs(text.c_str(), stderr);
    if (up) detach();
    ::close(report_fd);
  });
  std::fflush(nullptr);
  ::_exit(code);
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> chunk{};
  for (;;) {
    const auto got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

int lab_up(const LabUpOptions& options) {
  if (options.foreground) {
    return serve(options, [](bool up, const std::string& text) {
      std::fputs(text.c_str(), up ? stdout : stderr);
      std::fflush(stdout);
    });
  }
  std::array<int, 2> pipe{-1, -1};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) return report(errno_failure(errno, "start lab", "").value());
  std::fflush(nullptr);
  const int child = ::fork();
  if (child < 0) return report(errno_failure(errno, "start lab", "").value());
  if (child == 0) {
    ::close(pipe[0]);
    run_background(options, pipe[1]);
  }
  ::close(pipe[1]);
  const std::string text = read_to_end(pipe[0]);
  if (text.starts_with('+')) {
    std::fputs(text.c_str() + 1, stdout);
    return 0;
  }
  std::fputs(text.empty() ? "gnomon: start lab: its process ended without a word\n" : text.c_str() + 1, stderr);
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) == 0) return 9;
  return WEXITSTATUS(status);
}

}  // namespace gnomon::cli
