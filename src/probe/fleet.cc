#include "probe/fleet.h"

#include <algorithm>

#include "core/log.h"
#include "crypto/probe_id.h"
#include "methods/registry/registry.h"
#include "probe/plan_values.h"

namespace gnomon::probe {
namespace {

std::string folder_of(const std::string& folder, const std::string& name) {
  return folder + "/" + name;
}

Status check_names(const std::vector<MemberOptions>& members) {
  for (std::size_t i = 0; i < members.size(); ++i) {
    const std::string& name = members[i].name;
    if (!is_name(name) || name.starts_with('.')) {
      return failure(ErrorCode::kInvalidArgument, "start probe", name, "this is no name for a probe",
                     "use 1 to 64 letters, digits, '.', '_' and '-', not beginning with '.'");
    }
    const auto same = [&](const MemberOptions& other) { return other.name == name; };
    if (std::any_of(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      return failure(ErrorCode::kConflict, "start probe", name, "two probes have this name");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<ProbeIdentity>> Fleet::identities(const std::string& folder,
                                                     const std::vector<MemberOptions>& members) {
  if (auto checked = check_names(members); !checked) return tl::unexpected(checked.error());
  std::vector<ProbeIdentity> identities;
  for (const MemberOptions& member : members) {
    const auto key = Probe::open_key(folder_of(folder, member.name));
    if (!key) return tl::unexpected(key.error());
    const crypto::PublicKey& shown = key->public_key();
    identities.push_back({member.name, member.site, crypto::probe_id(shown), shown.bytes()});
  }
  return identities;
}

Fleet::Fleet(FleetOptions options) : options_(std::move(options)) {}

Result<std::unique_ptr<Fleet>> Fleet::start(FleetOptions options) {
  std::unique_ptr<Fleet> fleet(new Fleet(std::move(options)));
  if (auto opened = fleet->open(); !opened) return tl::unexpected(opened.error());
  fleet->worker_ = std::thread([raw = fleet.get()] { raw->run(); });
  return fleet;
}

Status Fleet::open() {
  if (auto checked = check_names(options_.members); !checked) return checked;
  auto uplink = Uplink::start(options_.server_url, options_.http,
                              [this](ParcelAnswer answer) { inbox_.push(std::move(answer)); });
  if (!uplink) return tl::unexpected(uplink.error());
  uplink_ = std::move(*uplink);
  auto engine = methods::Engine::start(methods::all_methods(), random_);
  if (!engine) return tl::unexpected(engine.error());
  engine_ = std::move(*engine);
  for (const MemberOptions& member : options_.members) {
    ProbeParts parts;
    parts.environment = {probes_.size(),     {member.name, member.site, member.access},
                         member.space,       member.source_ipv4,
                         member.source_ipv6, options_.same_machine};
    parts.folder = folder_of(options_.folder, member.name);
    parts.limits = options_.limits;
    auto probe = Probe::open(std::move(parts), *engine_, inbox_, *uplink_, clock_, random_);
    if (!probe) return tl::unexpected(probe.error());
    probes_.push_back(std::move(*probe));
  }
  start_speed_runner();
  next_plan_ = options_.plan;
  watch_machine(clock_.now());
  adopt_plan();
  publish();
  return {};
}

Fleet::~Fleet() {
  stop(Nanoseconds{});
  // Nothing may reach the inbox or the sinks while they go.
  speed_.reset();
  resolver_.reset();
  uplink_.reset();
  engine_.reset();
}

void Fleet::use_plan(Plan plan) {
  {
    const std::lock_guard lock(mutex_);
    next_plan_ = std::move(plan);
  }
  inbox_.nudge();
}

void Fleet::adopt_plan() {
  std::optional<Plan> plan;
  {
    const std::lock_guard lock(mutex_);
    plan = std::exchange(next_plan_, std::nullopt);
  }
  if (!plan) return;
  revision_ = revision(*plan);
  std::set<std::string> hosts;
  for (const auto& probe : probes_) {
    probe->use_plan(*plan, revision_);
    hosts.merge(probe->paths().hosts());
  }
  if (!resolver_ && !hosts.empty()) {
    resolver_ = std::make_unique<Resolver>([this](Resolution resolution) { inbox_.push(std::move(resolution)); });
  }
  if (resolver_) resolver_->watch(hosts);
  if (speed_) speed_->use_plan(std::move(*plan));
}

void Fleet::start_speed_runner() {
  if (!options_.speed_judge) return;
  std::vector<SpeedMember> members;
  for (const MemberOptions& member : options_.members) {
    members.push_back({{member.name, member.site, member.access},
                       member.space,
                       folder_of(options_.folder, member.name) + "/data-of-month"});
  }
  speed_ =
      std::make_unique<SpeedRunner>(std::move(members), clock_, *options_.speed_judge, *options_.test_times,
                                    [this](std::size_t member, schema::AccessResult result) {
                                      if (auto told = report(options_.members[member].name, std::move(result)); !told) {
                                        log::error("{}", told.error().message());
                                      }
                                    });
}

Status Fleet::report(std::string_view member, schema::AccessResult result) {
  const auto at = std::ranges::find(options_.members, member, &MemberOptions::name);
  if (at == options_.members.end()) {
    return failure(ErrorCode::kNotFound, "report result", std::string(member), "no probe here has this name");
  }
  if (const std::string_view fault = schema::fault_of(result); !fault.empty()) {
    return failure(ErrorCode::kInvalidArgument, "report result", result.method, std::string(fault));
  }
  inbox_.push(ResultArrived{static_cast<std::size_t>(at - options_.members.begin()), std::move(result)});
  return {};
}

// By a test on the access that measured, or on that of a member where the target stands.
bool Fleet::is_disturbed(const WindowArrived& arrived) const {
  const schema::DelayWindow& window = arrived.row.window;
  const std::string& target_site = arrived.row.label->target_site;
  for (std::size_t m = 0; m < options_.members.size(); ++m) {
    const MemberOptions& member = options_.members[m];
    const bool is_end = m == arrived.probe || (!target_site.empty() && member.site == target_site);
    if (is_end && options_.test_times->overlaps(*member.space, window.start, window.start + window.duration)) {
      return true;
    }
  }
  return false;
}

void Fleet::take(InboxEvent event) {
  if (auto* window = std::get_if<WindowArrived>(&event)) {
    if (is_disturbed(*window)) window->row.window.marks |= schema::kMarkCapacityTest;
    probes_[window->probe]->take(std::move(window->row));
  } else if (auto* result = std::get_if<ResultArrived>(&event)) {
    probes_[result->probe]->take(std::move(result->result));
  } else if (const auto* ended = std::get_if<PathEnded>(&event)) {
    probes_[ended->probe]->paths().ended(ended->sink);
  } else if (const auto* answer = std::get_if<ParcelAnswer>(&event)) {
    probes_[answer->probe]->take(*answer);
  } else if (const auto* resolution = std::get_if<Resolution>(&event)) {
    for (const auto& probe : probes_) probe->paths().resolved(*resolution);
  }
}

void Fleet::watch_machine(MonotonicTime now) {
  constexpr Nanoseconds kPeriod = std::chrono::seconds(5);
  if (machine_read_ && now - *machine_read_ < kPeriod) return;
  machine_read_ = now;
  machine_ = sensor_.read();
  const methods::EngineCounters counters = engine_->counters();
  machine_.packets_late = counters.packets_late - counted_.packets_late;
  machine_.packets_sent = counters.packets_sent - counted_.packets_sent;
  counted_ = counters;
}

void Fleet::tick(MonotonicTime now) {
  watch_machine(now);
  for (const auto& probe : probes_) probe->tick(machine_);
  const std::uint64_t lost = inbox_.take_lost();
  if (lost > 0 && !probes_.empty()) probes_.front()->lost(lost);
  constexpr Nanoseconds kPeriod = std::chrono::milliseconds(500);
  if (now - published_ < kPeriod) return;
  published_ = now;
  publish();
}

void Fleet::run() {
  constexpr Nanoseconds kLongestSleep = std::chrono::seconds(1);
  while (!stopping_) {
    MonotonicTime until = clock_.now() + kLongestSleep;
    for (const auto& probe : probes_) until = std::min(until, probe->wake());
    for (InboxEvent& event : inbox_.take(clock_, until)) take(std::move(event));
    adopt_plan();
    tick(clock_.now());
  }
  wind_up();
}

bool Fleet::settle(MonotonicTime until, bool (Fleet::*done)() const) {
  while (!(this->*done)() && clock_.now() < until) {
    MonotonicTime wake = until;
    for (const auto& probe : probes_) wake = std::min(wake, probe->wake());
    for (InboxEvent& event : inbox_.take(clock_, wake)) take(std::move(event));
    for (const auto& probe : probes_) probe->tick(machine_);
  }
  return (this->*done)();
}

bool Fleet::paths_ended() const {
  return std::ranges::all_of(probes_, [](const auto& probe) { return probe->paths().all_ended(); });
}

bool Fleet::all_delivered() const {
  return std::ranges::all_of(probes_, [](const auto& probe) { return probe->delivered(); });
}

void Fleet::wind_up() {
  // Answers to packets under way are awaited as long as a region's longest round trip, no longer.
  constexpr Nanoseconds kAnswers = std::chrono::milliseconds(300);
  constexpr Nanoseconds kWindows = std::chrono::seconds(2);
  speed_.reset();  // a test that runs is cut short
  for (const auto& probe : probes_) probe->paths().stop(kAnswers);
  settle(clock_.now() + kWindows, &Fleet::paths_ended);
  for (const auto& probe : probes_) probe->flush();
  if (stop_patience_ > Nanoseconds{}) settle(clock_.now() + stop_patience_, &Fleet::all_delivered);
  for (const auto& probe : probes_) probe->finish();
  publish();
}

std::uint64_t Fleet::stop(Nanoseconds patience) {
  if (worker_.joinable()) {
    stop_patience_ = patience;
    stopping_ = true;
    inbox_.nudge();
    worker_.join();
  }
  std::uint64_t left = 0;
  for (const ProbeStatus& probe : status().probes) left += probe.spool_batches;
  return left;
}

void Fleet::publish() {
  FleetStatus status;
  for (const auto& probe : probes_) status.probes.push_back(probe->status());
  status.engine = engine_->counters();
  status.plan_revision = revision_;
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

FleetStatus Fleet::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace gnomon::probe
