#include "probe/path_set.h"

#include <algorithm>

#include "probe/address_rules.h"

namespace gnomon::probe {
namespace {

constexpr Nanoseconds kFirstTimeout = std::chrono::seconds(1);
constexpr MonotonicTime kNever{Nanoseconds::max()};

std::shared_ptr<const PathLabel> label_of(const PlannedPath& path) {
  auto label = std::make_shared<PathLabel>();
  label->item = path.item;
  label->method = to_string(path.options.method);
  label->target = path.target;
  label->target_site = path.target_site;
  label->family = path.family;
  label->address = path.address;
  label->interval_ms =
      static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::milliseconds>(path.options.interval).count());
  label->payload_bytes = path.options.payload_bytes;
  label->dscp = path.options.dscp.value;
  label->access = path.access;
  label->port = path.port.value;
  return label;
}

}  // namespace

PathSet::PathSet(methods::Engine& engine, Inbox& inbox, const Clock& clock, PathEnvironment environment)
    : engine_(engine), inbox_(inbox), clock_(clock), environment_(std::move(environment)) {}

void PathSet::use_plan(const Plan& plan) {
  plan_ = plan;
  reconcile();
}

void PathSet::resolved(const Resolution& resolution) {
  if (!hosts().contains(resolution.host)) return;
  if (resolution.temporary && resolutions_.contains(resolution.host)) return;
  resolutions_[resolution.host] = resolution;
  reconcile();
}

std::set<std::string> PathSet::hosts() const {
  std::set<std::string> hosts;
  for (const PlannedPath& path : paths_of(plan_, environment_.place)) {
    if (!path.host.empty()) hosts.insert(path.host);
  }
  return hosts;
}

std::optional<std::string> PathSet::choose(const Resolution& resolution, Family family, const std::string& now_used) {
  std::optional<std::string> chosen;
  for (const net::Address& address : resolution.addresses) {
    if (address.family() != family) continue;
    const std::string text = net::to_string(address);
    if (const auto why = why_refused(text)) {
      const std::string notice = fmt::format("{} resolves to {}, which {}; not measured", resolution.host, text, *why);
      if (told_.insert(notice).second) notices_.push_back(notice);
      continue;
    }
    if (text == now_used) return text;  // A name with several addresses is not hopped about.
    if (!chosen) chosen = text;
  }
  return chosen;
}

void PathSet::reconcile() {
  std::vector<PlannedPath> wanted = paths_of(plan_, environment_.place);
  for (PlannedPath& path : wanted) {
    const auto known = resolutions_.find(path.host);
    if (path.host.empty() || known == resolutions_.end()) continue;
    const auto running = running_.find(path.key());
    const std::string now_used = running == running_.end() ? "" : running->second.path.address;
    path.address = choose(known->second, path.family, now_used).value_or("");
  }
  for (const std::string& address : keep_limits(plan_, wanted)) {
    const std::string notice = fmt::format("{}: intervals are lengthened to keep to the plan's limits", address);
    if (told_.insert(notice).second) notices_.push_back(notice);
  }
  std::map<std::string, Running> next;
  for (PlannedPath& path : wanted) {
    const std::string key = path.key();
    const auto old = running_.find(key);
    const bool unanswered = !path.host.empty() && !resolutions_.contains(path.host);
    if (old != running_.end() && old->second.path == path) {
      Running kept = std::move(old->second);
      running_.erase(old);
      const bool settled = !path.host.empty() && path.address.empty() && !unanswered && !kept.why_not;
      auto& placed = next[key] = std::move(kept);
      if (settled) refuse(placed, schema::Outcome::kNoAddress, resolutions_[path.host].problem);
      continue;
    }
    Running running;
    running.label = label_of(path);
    running.path = std::move(path);
    auto& placed = next[key] = std::move(running);
    if (!unanswered) start(placed);
  }
  constexpr Nanoseconds kPatience = std::chrono::seconds(2);
  for (auto& [key, running] : running_) end(running, kPatience);
  running_ = std::move(next);
  wake_ = clock_.now();
}

methods::DelaySpec PathSet::spec_of(const PlannedPath& path) const {
  methods::DelaySpec spec;
  spec.method = to_string(path.options.method);
  spec.target = {net::Address::parse(path.address).value_or(net::Address::any(path.family)), path.port};
  spec.source = path.family == Family::kIpv4 ? environment_.source_ipv4 : environment_.source_ipv6;
  spec.space = environment_.space;
  spec.interval = path.options.interval;
  spec.timeout = path.options.timeout;
  spec.window = path.options.window;
  spec.payload_bytes = path.options.payload_bytes;
  spec.dscp = path.options.dscp;
  spec.same_clock = environment_.same_machine;
  spec.stamp.session_id = path.options.ssid;
  spec.stamp.stateful_reflector = path.options.stateful;
  return spec;
}

std::optional<methods::PathHandle> PathSet::add(Running& running, methods::DelaySpec spec) {
  auto sink = std::make_unique<PathSink>(inbox_, environment_.probe, running.label);
  auto handle = engine_.add(std::move(spec), *sink);
  if (!handle) {
    refuse(running, schema::Outcome::kNotSent, handle.error().message());
    return std::nullopt;
  }
  running.why_not.reset();
  const PathSink* key = sink.get();
  sinks_.emplace(key, std::move(sink));
  return *handle;
}

void PathSet::start(Running& running) {
  const PlannedPath& path = running.path;
  if (path.address.empty()) {
    return refuse(running, schema::Outcome::kNoAddress, resolutions_[path.host].problem);
  }
  methods::DelaySpec spec = spec_of(path);
  spec.phase = phase_of(environment_.place.name, path);
  if (spec.interval > kFirstWindow) {
    running.steady = add(running, std::move(spec));
    return;
  }
  const auto packets = static_cast<std::uint64_t>(kFirstWindow / spec.interval);
  running.steady_starts = clock_.now() + spec.phase + spec.interval * static_cast<std::int64_t>(packets);
  spec.count = packets;
  spec.timeout = std::min(spec.timeout, kFirstTimeout);
  running.first = add(running, std::move(spec));
  if (!running.first) running.steady_starts.reset();
}

void PathSet::start_steady(Running& running) {
  methods::DelaySpec spec = spec_of(running.path);
  spec.phase = std::clamp(*running.steady_starts - clock_.now(), Nanoseconds{}, spec.interval);
  running.steady_starts.reset();
  running.steady = add(running, std::move(spec));
}

void PathSet::end(Running& running, Nanoseconds patience) {
  // A path that has ended by its count is unknown to the engine by now, which is no fault.
  if (running.first) engine_.remove(*running.first, patience);
  if (running.steady) engine_.remove(*running.steady, patience);
  running.first.reset();
  running.steady.reset();
  running.steady_starts.reset();
}

void PathSet::refuse(Running& running, schema::Outcome outcome, const std::string& why) {
  const MonotonicTime now = clock_.now();
  if (!running.why_not) running.gap_since = now;
  running.why_not = outcome;
  running.retry = now + kRetry;
  wake_ = std::min(wake_, now);
  const std::string notice =
      outcome == schema::Outcome::kNoAddress
          ? fmt::format("{} has no IPv{} address{}{}", running.path.host, static_cast<int>(running.path.family),
                        why.empty() ? "" : ": ", why)
          : fmt::format("{} cannot measure {}: {}", environment_.place.name, running.path.target, why);
  if (told_.insert(notice).second) notices_.push_back(notice);
}

void PathSet::report_gap(Running& running, MonotonicTime now) {
  schema::DelayWindow window;
  window.duration = now - running.gap_since;
  window.start = clock_.wall() - window.duration;
  window.outcome = *running.why_not;
  running.gap_since = now;
  inbox_.push(WindowArrived{environment_.probe, {running.label, std::move(window)}});
}

void PathSet::tick() {
  const MonotonicTime now = clock_.now();
  wake_ = kNever;
  for (auto& [key, running] : running_) {
    if (running.steady_starts) {
      const MonotonicTime due = *running.steady_starts - running.path.options.interval / 2;
      if (due <= now) {
        start_steady(running);
      } else {
        wake_ = std::min(wake_, due);
      }
    }
    if (!running.why_not) continue;
    if (now >= running.gap_since + running.path.options.window) report_gap(running, now);
    const bool can_retry = running.why_not != schema::Outcome::kNoAddress;
    if (can_retry && now >= running.retry) start(running);
    if (!running.why_not) continue;
    wake_ = std::min(wake_, running.gap_since + running.path.options.window);
    if (can_retry) wake_ = std::min(wake_, running.retry);
  }
}

void PathSet::ended(const PathSink* sink) {
  sinks_.erase(sink);
}

void PathSet::stop(Nanoseconds patience) {
  const MonotonicTime now = clock_.now();
  for (auto& [key, running] : running_) {
    if (running.why_not && now > running.gap_since) report_gap(running, now);
    end(running, patience);
  }
  running_.clear();
  wake_ = kNever;
}

std::size_t PathSet::refused() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(running_, [](const auto& entry) { return entry.second.why_not.has_value(); }));
}

bool PathSet::uses(Family family) const {
  return std::ranges::any_of(running_, [&](const auto& entry) {
    const PlannedPath& path = entry.second.path;
    const auto address = net::Address::parse(path.address);
    return path.family == family && address && !address->is_loopback();
  });
}

}  // namespace gnomon::probe
