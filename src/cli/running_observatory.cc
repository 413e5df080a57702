#include "cli/running_observatory.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <optional>

#include "cli/exit_code.h"
#include "cli/lab_fleet.h"
#include "cli/lab_region.h"
#include "cli/speed_judge.h"
#include "core/log.h"
#include "core/printable.h"
#include "crypto/secrets.h"
#include "lab/control_socket.h"
#include "lab/user_namespace.h"
#include "net/file_descriptor.h"
#include "server/plan_region.h"

namespace gnomon::cli {

namespace {

// Blocked before any thread starts, so that only this descriptor gets them.
net::FileDescriptor end_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return net::FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

// A running lab with its way in for `gnomon lab …` and its face for the server.
struct RunningLab {
  std::unique_ptr<lab::Lab> lab;
  std::unique_ptr<LabRegion> region;
  std::unique_ptr<lab::ControlServer> control;
  std::unique_ptr<LabFleet> fleet;
};

Result<RunningLab> start_lab(const UpOptions& options, const Clock& clock) {
  auto region = lab::load_region(options.lab_region);
  if (!region) return tl::unexpected(region.error());
  const std::string socket = lab::default_socket_path();  // Before the user becomes root of a namespace of its own.
  if (const Status rights = lab::ensure_lab_rights(); !rights) return tl::unexpected(rights.error());
  RunningLab running;
  auto lab = lab::Lab::start(std::move(*region), {.seed = options.lab_seed}, clock);
  if (!lab) return tl::unexpected(lab.error());
  running.lab = std::move(*lab);
  running.region = std::make_unique<LabRegion>(*running.lab, clock);
  running.lab->on_change([face = running.region.get()](const std::string& link) { face->link_changed(link); });
  auto control = lab::ControlServer::start(*running.lab, socket);
  if (!control) return tl::unexpected(control.error());
  running.control = std::move(*control);
  auto fleet = LabFleet::prepare(*running.lab);
  if (!fleet) return tl::unexpected(fleet.error());
  running.fleet = std::move(*fleet);
  return running;
}

// The plan and the members of the fleet that measures it; nothing for `gnomon serve`.
Result<std::optional<probe::FleetOptions>> fleet_options(const UpOptions& options, const RunningLab& lab) {
  probe::FleetOptions fleet;
  if (!options.plan_file.empty()) {
    auto plan = probe::load_plan(options.plan_file);
    if (!plan) return tl::unexpected(plan.error());
    fleet.plan = std::move(*plan);
  } else if (lab.lab) {
    fleet.plan = lab.fleet->mesh_plan(lab.lab->region().name, options.stack.speed_tests);
  } else {
    return std::optional<probe::FleetOptions>();
  }
  fleet.speed_judge = std::make_shared<TransferJudge>();
  if (lab.lab) {
    fleet.members = lab.fleet->members();
    fleet.same_machine = true;
    fleet.test_times = lab.fleet->test_times();
  } else {
    const std::string site = options.probe_site.empty() ? options.probe_name : options.probe_site;
    fleet.members.push_back({options.probe_name, site, "", net::host_space(), {}, {}});
  }
  return std::optional(std::move(fleet));
}

server::PlanRegion region_of(const std::optional<probe::FleetOptions>& fleet) {
  std::vector<std::string> sites;
  if (fleet) {
    sites = fleet->plan.sites;
    const auto add = [&sites](const std::string& site) {
      if (!site.empty() && std::find(sites.begin(), sites.end(), site) == sites.end()) sites.push_back(site);
    };
    for (const auto& member : fleet->members) add(member.site);
    for (const auto& [name, target] : fleet->plan.targets) add(target.site.empty() ? name : target.site);
  }
  const std::string name = fleet && !fleet->plan.name.empty() ? fleet->plan.name : "own network";
  return server::PlanRegion::of_names(name, sites);
}

Status enrol(server::ProbeRegistry& registry, const std::vector<probe::ProbeIdentity>& identities) {
  for (const auto& identity : identities) {
    if (registry.known(identity.public_key)) continue;
    auto enrolled = registry.enrol(identity.public_key, identity.name, identity.site);
    if (!enrolled) return tl::unexpected(enrolled.error());
  }
  return {};
}

// Past the buffer of standard output and any other copy, which would keep it.
void show_first_password(std::string password) {
  std::fflush(stdout);
  std::string before = "  To change things, log in as admin with the password ";
  std::string after = "  (shown only now)\n";
  const std::array<iovec, 3> line{iovec{before.data(), before.size()}, iovec{password.data(), password.size()},
                                  iovec{after.data(), after.size()}};
  [[maybe_unused]] const auto written = ::writev(STDOUT_FILENO, line.data(), line.size());
  crypto::wipe(password);
}

void introduce(ObservatoryStack& stack, const RunningLab& lab) {
  fmt::print("\n  Gnomon is running at {}\n", stack.url());
  if (auto password = stack.take_first_password()) show_first_password(std::move(*password));
  fmt::print("  Everything is kept in {}\n", stack.data_folder());
  if (lab.lab) {
    const auto& region = lab.lab->region();
    fmt::print("  Lab region {}: {} sites, {} links. Break one:  gnomon lab fail {}\n", printable(region.name),
               region.sites.size(), region.links.size(), printable(region.links.front().id));
  }
  fmt::print("  Ctrl-C stops everything.\n\n");
  std::fflush(stdout);
}

// The live line on a terminal, rewritten every second; every minute a plain line elsewhere.
void watch(const net::FileDescriptor& signals, const ObservatoryStack& stack, const RunningLab& lab) {
  constexpr int kSecond = 1000;
  constexpr int kPlainEvery = 60;
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  const int stop_asked = lab.control ? lab.control->stop_fd() : -1;
  for (int second = 0;; ++second) {
    std::array<pollfd, 2> wait{pollfd{signals.get(), POLLIN, 0}, pollfd{stop_asked, POLLIN, 0}};
    if (::poll(wait.data(), wait.size(), kSecond) > 0) break;
    if (terminal) {
      fmt::print("\r\033[2K  {}", stack.summary());
    } else if (second % kPlainEvery == kPlainEvery - 1) {
      fmt::print("{}\n", stack.summary());
    }
    std::fflush(stdout);
  }
  fmt::print("\n  stopping\n");
  std::fflush(stdout);
}

Status run(const UpOptions& options, const net::FileDescriptor& signals) {
  const SystemClock clock;
  RunningLab lab;
  if (!options.lab_region.empty()) {
    auto started = start_lab(options, clock);
    if (!started) return tl::unexpected(started.error());
    lab = std::move(*started);
  }
  auto fleet_wanted = fleet_options(options, lab);
  if (!fleet_wanted) return tl::unexpected(fleet_wanted.error());
  server::PlanRegion plan_region = region_of(*fleet_wanted);
  server::RegionControl& region = lab.region ? static_cast<server::RegionControl&>(*lab.region) : plan_region;
  auto stack = ObservatoryStack::start(options.stack, region);
  if (!stack) return tl::unexpected(stack.error());

  std::unique_ptr<probe::Fleet> fleet;
  if (*fleet_wanted) {
    probe::FleetOptions& wanted = **fleet_wanted;
    wanted.server_url = (*stack)->url();
    wanted.folder = (*stack)->data_folder() + "/probes";
    auto identities = probe::Fleet::identities(wanted.folder, wanted.members);
    if (!identities) return tl::unexpected(identities.error());
    if (const Status enrolled = enrol((*stack)->probes(), *identities); !enrolled) return enrolled;
    (*stack)->note_speed_tests(wanted.test_times);
    auto started = probe::Fleet::start(std::move(wanted));
    if (!started) return tl::unexpected(started.error());
    fleet = std::move(*started);
  }
  if (options.lab_region.empty()) crypto::forbid_tracing();
  introduce(**stack, lab);
  watch(signals, **stack, lab);
  if (fleet) fleet->stop();
  return {};
}

}  // namespace

int run_observatory(const UpOptions& options) {
  const net::FileDescriptor signals = end_signals();
  const Status done = run(options, signals);
  return done ? 0 : report(done.error());
}

}  // namespace gnomon::cli
