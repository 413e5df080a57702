#include "cli/probe_command.h"

#include <fmt/chrono.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/speed_judge.h"
#include "core/hex.h"
#include "core/log.h"
#include "net/file_descriptor.h"
#include "probe/fleet.h"
#include "probe/schedule.h"

namespace gnomon::cli {
namespace {

std::string host_name() {
  std::array<char, 256> text{};
  if (::gethostname(text.data(), text.size() - 1) != 0 || text[0] == '\0') return "probe";
  return text.data();
}

// Where a service or a user keeps state: systemd.exec(5) StateDirectory=, then the XDG base directories.
std::string default_folder() {
  if (const char* given = std::getenv("STATE_DIRECTORY")) return given;
  if (::geteuid() == 0) return "/var/lib/gnomon-probe";
  if (const char* state = std::getenv("XDG_STATE_HOME")) return std::string(state) + "/gnomon-probe";
  const char* home = std::getenv("HOME");
  return std::string(home != nullptr ? home : ".") + "/.local/state/gnomon-probe";
}

// SIGINT, SIGTERM and SIGHUP as a descriptor. Blocked before any thread starts, so that no other thread gets them.
net::FileDescriptor block_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return net::FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// Changes whenever the file does.
struct FileStamp {
  timespec modified{};
  ino_t inode = 0;
  off_t size = 0;
  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.modified.tv_sec == b.modified.tv_sec && a.modified.tv_nsec == b.modified.tv_nsec && a.inode == b.inode &&
           a.size == b.size;
  }
};

FileStamp stamp_of(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) != 0) return {};
  return {about.st_mtim, about.st_ino, about.st_size};
}

std::string status_line(const probe::FleetStatus& status) {
  const probe::ProbeStatus& p = status.probes.front();
  std::string line = fmt::format("{} paths · {} packets · {} windows · {} batches delivered · {} waiting ({} KiB) · {}",
                                 p.paths, status.engine.packets_sent, p.windows, p.batches_delivered, p.spool_batches,
                                 p.spool_bytes / 1024, to_string(p.uplink));
  if (p.paths_refused > 0) line += fmt::format(" · {} paths cannot run", p.paths_refused);
  if (p.dropped_windows > 0) line += fmt::format(" · {} windows dropped", p.dropped_windows);
  if (!p.complaints.empty()) line += " · " + p.complaints.front();
  return line;
}

void reload(const std::string& file, probe::Fleet& fleet) {
  auto plan = probe::load_plan(file);
  if (!plan) {
    log::error("the plan stays as it was: {}", plan.error().message());
    return;
  }
  log::info("plan {} read, revision {}", file, probe::revision(*plan));
  fleet.use_plan(std::move(*plan));
}

// One line on a terminal, rewritten; a log line a minute elsewhere.
class StatusView {
 public:
  explicit StatusView(bool quiet) : live_(!quiet && ::isatty(STDOUT_FILENO) == 1), quiet_(quiet) {}
  void show(const probe::FleetStatus& status) {
    constexpr int kLogEvery = 60;
    if (live_) {
      fmt::print("\r\033[2K{}", status_line(status));
      std::fflush(stdout);
    } else if (!quiet_ && ++shown_ % kLogEvery == 0) {
      log::info("{}", status_line(status));
    }
  }
  void end() const {
    if (live_) fmt::print("\n");
  }

 private:
  bool live_;
  bool quiet_;
  int shown_ = 0;
};

// Until asked to stop.
void watch(const net::FileDescriptor& signals, const ProbeArguments& arguments, probe::Fleet& fleet) {
  StatusView view(arguments.quiet);
  FileStamp stamp = stamp_of(arguments.plan_file);
  while (true) {
    pollfd wait{signals.get(), POLLIN, 0};
    constexpr int kSecond = 1000;
    ::poll(&wait, 1, kSecond);
    signalfd_siginfo received{};
    const bool has_signal = ::read(signals.get(), &received, sizeof received) == sizeof received;
    if (has_signal && received.ssi_signo != SIGHUP) break;
    const FileStamp now = stamp_of(arguments.plan_file);
    if (has_signal || now != stamp) {
      stamp = now;
      reload(arguments.plan_file, fleet);
    }
    view.show(fleet.status());
  }
  view.end();
}

void introduce(const probe::ProbeStatus& probe, const ProbeArguments& arguments, const probe::Plan& plan) {
  log::info("probe {} at site {} measures {} paths of plan {} (revision {}) for {}", arguments.name,
            arguments.site.empty() ? "-" : arguments.site, probe.paths, arguments.plan_file, probe::revision(plan),
            arguments.server_url);
  log::info("its key is {}; if the server does not know it yet, type there: {}", to_hex(probe.identity.public_key),
            probe.identity.enrol_command());
  if (probe.paths == 0) {
    log::warning("the plan names nothing to measure for a probe called {} at site {}; give --name or --site",
                 arguments.name, arguments.site.empty() ? "-" : arguments.site);
  }
}

}  // namespace

int check_plan(const ProbeArguments& arguments) {
  const auto plan = probe::load_plan(arguments.plan_file);
  if (!plan) return report(plan.error());
  const auto paths = probe::paths_of(*plan, {arguments.name, arguments.site, arguments.access});
  fmt::print("{} is a good plan: {} targets, {} measurements, revision {}\n", arguments.plan_file, plan->targets.size(),
             plan->measurements.size(), probe::revision(*plan));
  fmt::print("A probe called {} at site {} would measure {} paths.\n", arguments.name,
             arguments.site.empty() ? "-" : arguments.site, paths.size());
  return 0;
}

int run_probe(ProbeArguments arguments) {
  auto plan = probe::load_plan(arguments.plan_file);
  if (!plan) return report(plan.error());
  const net::FileDescriptor signals = block_signals();
  probe::FleetOptions options;
  options.plan = *plan;
  options.server_url = arguments.server_url;
  options.folder = arguments.folder;
  options.members.push_back({arguments.name, arguments.site, arguments.access, net::host_space(), {}, {}});
  options.speed_judge = std::make_shared<TransferJudge>();
  options.limits.disk_bytes = arguments.spool_mebibytes << 20;
  options.http.ca_file = arguments.ca_file;
  auto fleet = probe::Fleet::start(std::move(options));
  if (!fleet) return report(fleet.error());
  introduce((*fleet)->status().probes.front(), arguments, *plan);
  watch(signals, arguments, **fleet);
  const std::uint64_t left = (*fleet)->stop();
  if (left > 0) {
    log::info("stopped; {} batches wait in {}/{}/spool for the next start", left, arguments.folder, arguments.name);
  } else {
    log::info("stopped; everything was delivered");
  }
  return 0;
}

void add_probe_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ProbeArguments>();
  arguments->name = host_name();
  arguments->folder = default_folder();
  auto* command = app.add_subcommand("probe", "Measures what a plan names and hands the results to a server");
  command->add_option("--plan", arguments->plan_file, "Plan file (docs/guides/plan.md)")->type_name("FILE");
  auto* server = command->add_option("--server", arguments->server_url, "Where the server is: http://HOST:PORT");
  server->type_name("URL");
  command->add_option("--data", arguments->folder, "Folder for the key and the spool")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("--name", arguments->name, "The probe's name")->capture_default_str();
  command->add_option("--site", arguments->site, "The site it stands at, as the plan names it");
  command->add_option("--access", arguments->access, "The access network it uses: fixed, 5g, …");
  command->add_option("--ca", arguments->ca_file, "Certificate authorities to trust, PEM")->type_name("FILE");
  command->add_option("--spool", arguments->spool_mebibytes, "Most disk space for undelivered results, MiB")
      ->check(CLI::Range(1, 1 << 20))
      ->capture_default_str();
  command->add_flag("--check", arguments->check_only, "Only check the plan");
  command->add_flag("--quiet", arguments->quiet, "No status line");
  command->callback([arguments, command, &exit_code] {
    if (!command->get_subcommands().empty()) return;  // probe_admin_commands.cc
    if (arguments->plan_file.empty()) {
      exit_code = report({ErrorCode::kInvalidArgument, "start probe", "", "no plan was given", "say --plan FILE"});
    } else if (arguments->check_only) {
      exit_code = check_plan(*arguments);
    } else if (arguments->server_url.empty()) {
      exit_code = report({ErrorCode::kInvalidArgument, "start probe", "", "no server was given",
                          "say --server http://HOST:8780, or --check to only check the plan"});
    } else {
      exit_code = run_probe(*arguments);
    }
  });
}

}  // namespace gnomon::cli
