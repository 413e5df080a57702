#include "lab/emulator_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "lab/emulator.h"
#include "lab/packet_port.h"

namespace gnomon::lab {

namespace {

constexpr int kRealTimePriority = 20;  // Above every ordinary task, below the kernel's own threads (50).
constexpr int kAnswerTimeoutMs = 1000;

// Keeps standard streams and `kept`, closes all else, so that no descriptor of the lab lives on in its emulator.
void close_others(std::array<int, 4> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned next = 3;
  for (const int fd : kept) {
    if (static_cast<unsigned>(fd) > next) ::close_range(next, static_cast<unsigned>(fd) - 1, 0);
    next = static_cast<unsigned>(fd) + 1;
  }
  ::close_range(next, ~0U, 0);
}

void prepare_process(EmulatorMemory& memory, const EmulatorOptions& options) {
  ::prctl(PR_SET_NAME, "lab-emulator");
  ::prctl(PR_SET_TIMERSLACK, 1);
  for (const int ignored : {SIGINT, SIGHUP, SIGQUIT, SIGPIPE})
    ::signal(ignored, SIG_IGN);  // The lab decides when to end.
  ::signal(SIGTERM, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (options.cpu >= 0) {
    cpu_set_t cpus;
    CPU_ZERO(&cpus);
    CPU_SET(static_cast<unsigned>(options.cpu), &cpus);
    ::sched_setaffinity(0, sizeof cpus, &cpus);
  }
  if (options.real_time) {
    const sched_param parameters{.sched_priority = kRealTimePriority};
    if (::sched_setscheduler(0, SCHED_FIFO, &parameters) == 0) memory.header().real_time.store(true);
  }
}

[[noreturn]] void run_child(EmulatorMemory& memory, const EmulatorPorts& ports, const EmulatorOptions& options) {
  close_others({ports.packet_socket, ports.wake, ports.answer, ports.parent});
  prepare_process(memory, options);
  const auto emulator = Emulator::create(memory, ports, options.seed);
  if (!emulator) ::_exit(1);
  (*emulator)->run();
  ::_exit(0);  // Not exit(): the parent's handlers and streams are not the child's to end.
}

}  // namespace

Result<std::unique_ptr<EmulatorProcess>> EmulatorProcess::start(EmulatorMemory& memory, const net::Namespace& place,
                                                                net::NamespaceRunner& runner, int first_interface,
                                                                const EmulatorOptions& options) {
  const auto socket = runner.call(place, [] { return PacketPort::open(); });
  if (!socket) return tl::unexpected(socket.error());
  std::unique_ptr<EmulatorProcess> process(new EmulatorProcess(memory));
  process->wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  process->answer_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::array<int, 2> lifeline{-1, -1};
  if (process->wake_ < 0 || process->answer_ < 0 || ::pipe2(lifeline.data(), O_CLOEXEC) != 0) {
    return errno_failure(errno, "start emulator", "");
  }
  process->lifeline_ = lifeline[1];
  const EmulatorPorts ports{.packet_socket = *socket,
                            .first_interface = first_interface,
                            .wake = process->wake_,
                            .answer = process->answer_,
                            .parent = lifeline[0]};
  memory.header().generation.store(1);
  process->pid_ = ::fork();
  if (process->pid_ == 0) run_child(memory, ports, options);
  const int error = errno;
  ::close(lifeline[0]);
  ::close(*socket);
  if (process->pid_ < 0) return errno_failure(error, "start emulator", "");
  process->pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, process->pid_, 0));
  if (process->pid_fd_ < 0) return errno_failure(errno, "watch emulator", "");
  if (Status status = process->wait_until_applied(1); !status) return tl::unexpected(status.error());
  return process;
}

EmulatorProcess::~EmulatorProcess() {
  if (lifeline_ >= 0) ::close(lifeline_);  // The child reads the end and goes.
  if (pid_ > 0) {
    pollfd ended{.fd = pid_fd_, .events = POLLIN, .revents = 0};
    if (pid_fd_ < 0 || ::poll(&ended, 1, kAnswerTimeoutMs) != 1) ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {wake_, answer_, pid_fd_}) {
    if (fd >= 0) ::close(fd);
  }
}

bool EmulatorProcess::alive() const {
  pollfd ended{.fd = pid_fd_, .events = POLLIN, .revents = 0};
  return ::poll(&ended, 1, 0) == 0;
}

Status EmulatorProcess::apply(const std::function<void()>& write, bool reset_counts) {
  EmulatorHeader& header = memory_.header();
  const std::uint32_t sequence = header.sequence.load(std::memory_order_relaxed);
  header.sequence.store(sequence + 1, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  write();
  header.sequence.store(sequence + 2, std::memory_order_release);
  if (reset_counts) header.reset.store(true);
  const std::uint32_t generation = header.generation.fetch_add(1) + 1;
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0 && errno != EAGAIN) return errno_failure(errno, "wake emulator", "");
  return wait_until_applied(generation);
}

Status EmulatorProcess::wait_until_applied(std::uint32_t generation) {
  while (memory_.header().applied.load(std::memory_order_acquire) != generation) {
    std::array<pollfd, 2> ready{pollfd{.fd = answer_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = pid_fd_, .events = POLLIN, .revents = 0}};
    const int count = ::poll(ready.data(), ready.size(), kAnswerTimeoutMs);
    if (count < 0 && errno == EINTR) continue;
    if (ready[1].revents != 0) {
      return failure(ErrorCode::kUnavailable, "set emulator", "", "the emulator process has ended",
                     "start the lab again: gnomon lab down, then gnomon lab up");
    }
    if (count <= 0) {
      return failure(ErrorCode::kUnavailable, "set emulator", "", "the emulator did not answer within a second",
                     "is the machine overloaded? Try again");
    }
    std::uint64_t answers = 0;
    if (::read(answer_, &answers, sizeof answers) < 0 && errno != EAGAIN)
      return errno_failure(errno, "read answer", "");
  }
  return {};
}

}  // namespace gnomon::lab
