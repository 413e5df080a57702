#include "simulation/soak.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace gnomon::simulation {

namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// What a worker says of a seed; fixed size, so that it crosses a pipe whole (pipe(7), PIPE_BUF).
struct Line {
  std::uint64_t seed = 0;
  double simulated_hours = 0;
  std::uint64_t events = 0, batches = 0, windows = 0, checkpoints = 0, ranges = 0, crashes = 0;
  std::array<char, 32> invariant{};
  std::array<char, 400> violation{};
};

template <std::size_t N>
void put(std::array<char, N>& to, const std::string& text) {
  std::copy_n(text.begin(), std::min(text.size(), N - 1), to.begin());
}

Line line_of(std::uint64_t seed, const Outcome& outcome) {
  Line line;
  line.seed = seed;
  line.simulated_hours = std::chrono::duration<double, std::ratio<3600>>(outcome.simulated).count();
  line.events = outcome.events;
  line.batches = outcome.batches;
  line.windows = outcome.windows;
  line.checkpoints = outcome.checkpoints;
  line.ranges = outcome.ranges;
  line.crashes = outcome.crashes;
  put(line.invariant, outcome.invariant);
  put(line.violation, outcome.violation);
  return line;
}

// `ends`: of the pipe. The one that is read from must be closed here, or a write would wait for ever once the parent
// has heard enough.
[[noreturn]] void work(const int (&ends)[2], const SoakOptions& options, int worker, int workers, double end) {
  ::close(ends[0]);
  const int pipe = ends[1];
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, STDERR_FILENO);
  std::string scratch = (std::filesystem::temp_directory_path() / "gnomon-simulation-XXXXXX").string();
  if (::mkdtemp(scratch.data()) == nullptr) ::_exit(2);
  for (auto i = static_cast<std::uint64_t>(worker); i < options.seeds; i += static_cast<std::uint64_t>(workers)) {
    if (end > 0 && now() > end) break;
    const std::uint64_t seed = options.first + i;
    const Line line = line_of(seed, run_seed(seed, scratch));
    if (::write(pipe, &line, sizeof line) != static_cast<ssize_t>(sizeof line)) break;
  }
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  ::_exit(0);
}

void add(SoakReport& report, const Line& line) {
  ++report.seeds;
  report.simulated_hours += line.simulated_hours;
  report.events += line.events;
  report.batches += line.batches;
  report.windows += line.windows;
  report.checkpoints += line.checkpoints;
  report.ranges += line.ranges;
  report.crashes += line.crashes;
  if (line.violation[0] != '\0') report.violations.push_back({line.seed, line.invariant.data(), line.violation.data()});
}

}  // namespace

Result<SoakReport> soak(const SoakOptions& options) {
  const int workers =
      options.processes > 0 ? options.processes : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const double begin = now();
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_failure(errno, "start simulation", "pipe");
  std::vector<pid_t> children;
  for (int i = 0; i < workers; ++i) {
    const pid_t child = ::fork();
    if (child == 0) work(ends, options, i, workers, options.seconds > 0 ? begin + options.seconds : 0);
    if (child > 0) children.push_back(child);
  }
  ::close(ends[1]);
  SoakReport report;
  Line line;
  std::size_t got = 0;
  while (report.violations.size() < options.stop_after_violations) {
    const ssize_t n = ::read(ends[0], reinterpret_cast<char*>(&line) + got, sizeof line - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += static_cast<std::size_t>(n);
    if (got < sizeof line) continue;
    got = 0;
    add(report, line);
  }
  ::close(ends[0]);  // those that still work end at their next line
  bool is_well = children.size() == static_cast<std::size_t>(workers);
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    const bool ended_early = report.violations.size() >= options.stop_after_violations;
    is_well = is_well && (ended_early || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
  }
  report.machine_seconds = now() - begin;
  std::ranges::sort(report.violations, {}, &Violation::seed);
  if (!is_well) {
    return failure(ErrorCode::kIo, "simulate", fmt::format("{} seeds done", report.seeds), "a process of it has died",
                   "run the next seeds one by one with simulate --seed N to find which");
  }
  return report;
}

}  // namespace gnomon::simulation
