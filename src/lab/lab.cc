#include "lab/lab.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "core/log.h"
#include "lab/addressing.h"
#include "lab/change_text.h"

namespace gnomon::lab {

Result<std::unique_ptr<Lab>> Lab::start(Region region, const LabOptions& options, const Clock& clock) {
  std::unique_ptr<Lab> lab(new Lab(std::move(region), clock));
  lab->started_ = clock.now();
  for (const Link& link : lab->region_.links)
    lab->states_.push_back({.route_round_at = {}, .forward = link.forward, .backward = link.backward});
  lab->routes_ = std::make_unique<RoutingTable>(lab->region_, std::vector<bool>{});
  auto network = SiteNetwork::build(lab->region_, *lab->routes_);
  if (!network) return tl::unexpected(network.error());
  lab->network_ = std::move(*network);
  auto memory = EmulatorMemory::create(2 * lab->region_.links.size());
  if (!memory) return tl::unexpected(memory.error());
  lab->memory_ = std::make_unique<EmulatorMemory>(std::move(*memory));
  for (std::size_t link = 0; link < lab->states_.size(); ++link) lab->write_wanted(link);
  const EmulatorOptions emulator{.seed = options.seed, .real_time = options.real_time, .cpu = options.emulator_cpu};
  auto process = EmulatorProcess::start(*lab->memory_, lab->network_->emulator(), lab->network_->runner(),
                                        kFirstEmulatorInterface, emulator);
  if (!process) return tl::unexpected(process.error());
  lab->emulator_ = std::move(*process);
  lab->wake_tender_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (lab->wake_tender_ < 0) return errno_failure(errno, "start lab", "");
  lab->counted_since_ = clock.now();
  lab->start_took_ = clock.now() - lab->started_;
  lab->tender_ = std::thread([raw = lab.get()] { raw->tend(); });
  return lab;
}

Lab::~Lab() {
  if (tender_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    const std::uint64_t one = 1;
    if (::write(wake_tender_, &one, sizeof one) < 0) log::warning("lab: could not wake its thread");
    tender_.join();
  }
  if (wake_tender_ >= 0) ::close(wake_tender_);
}

void Lab::write_wanted(std::size_t link) {
  for (std::size_t side = 0; side < 2; ++side) {
    DirectionMemory& direction = memory_->directions()[2 * link + side];
    direction.wanted = side == 0 ? states_[link].forward : states_[link].backward;
    direction.wanted_down = !states_[link].up;
  }
}

LinkSnapshot Lab::snapshot(std::size_t index) const {
  const Link& link = region_.links[index];
  const LinkState& state = states_[index];
  return {.id = link.id,
          .a = region_.sites[link.a].id,
          .b = region_.sites[link.b].id,
          .kind = link.kind,
          .fault = link.fault,
          .up = state.up,
          .routed_round = state.routed_round,
          .changed = !(state.forward == link.forward && state.backward == link.backward),
          .forward = state.forward,
          .backward = state.backward,
          .forward_default = link.forward,
          .backward_default = link.backward};
}

std::vector<SiteSnapshot> Lab::sites() const {
  std::vector<SiteSnapshot> sites;
  for (std::size_t i = 0; i < region_.sites.size(); ++i) {
    const AddressPair address = site_address(i);
    sites.push_back(
        {.site = region_.sites[i], .number = i + 1, .ipv4 = to_text(address.ipv4), .ipv6 = to_text(address.ipv6)});
  }
  return sites;
}

std::vector<LinkSnapshot> Lab::links() const {
  const std::lock_guard lock(mutex_);
  std::vector<LinkSnapshot> links;
  for (std::size_t i = 0; i < region_.links.size(); ++i) links.push_back(snapshot(i));
  return links;
}

LabHealth Lab::health() const {
  const std::lock_guard lock(mutex_);
  return {.emulator_alive = emulator_->alive(),
          .emulator_pid = emulator_->pid(),
          .real_time = memory_->header().real_time.load(),
          .uptime = clock_.now() - started_,
          .start_took = start_took_};
}

PairUse Lab::use_of(std::size_t link) const {
  std::vector<bool> broken(region_.links.size(), false);
  broken[link] = true;
  return count_pairs(region_, *routes_, broken);
}

Status Lab::route() {
  std::vector<bool> without(region_.links.size(), false);
  for (std::size_t i = 0; i < states_.size(); ++i) without[i] = states_[i].routed_round;
  auto routes = std::make_unique<RoutingTable>(region_, without);
  if (Status status = network_->set_routes(region_, *routes); !status) return status;
  routes_ = std::move(routes);
  return {};
}

Result<ChangeReport> Lab::report(std::size_t link, PairUse use, std::string en, std::string zh) const {
  return ChangeReport{.link = snapshot(link), .use = use, .text_en = std::move(en), .text_zh = std::move(zh)};
}

void Lab::notify(std::size_t link) const {
  if (listener_) listener_(region_.links[link].id);
}

Result<ChangeReport> Lab::fail(std::string_view id, RerouteChoice choice) {
  const auto link = require_link(region_, id);
  if (!link) return tl::unexpected(link.error());
  Result<ChangeReport> answer = [&]() -> Result<ChangeReport> {
    const std::lock_guard lock(mutex_);
    LinkState& state = states_[*link];
    const bool was_up = state.up;
    const PairUse use = use_of(*link);
    state.up = false;
    if (Status status = emulator_->apply([&] { write_wanted(*link); }); !status) return tl::unexpected(status.error());
    Rerouting rerouting{Rerouting::kStay, {}};
    const MonotonicTime begun = clock_.now();
    if (choice == RerouteChoice::kNow) {
      state.routed_round = true;
      if (Status status = route(); !status) return tl::unexpected(status.error());
      rerouting = {Rerouting::kDone, clock_.now() - begun};
    } else if (choice == RerouteChoice::kRegion && region_.routing.rerouting_after && !state.routed_round) {
      state.route_round_at = clock_.now() + *region_.routing.rerouting_after;
      rerouting = {Rerouting::kPlanned, *region_.routing.rerouting_after};
      const std::uint64_t one = 1;
      if (::write(wake_tender_, &one, sizeof one) < 0) return errno_failure(errno, "plan rerouting", std::string(id));
    }
    const ChangeText text = failed_text(region_.links[*link].id, was_up, use, rerouting);
    return report(*link, use, text.en, text.zh);
  }();
  if (answer) notify(*link);
  return answer;
}

Result<ChangeReport> Lab::heal(std::string_view id) {
  const auto link = require_link(region_, id);
  if (!link) return tl::unexpected(link.error());
  Result<ChangeReport> answer = [&]() -> Result<ChangeReport> {
    const std::lock_guard lock(mutex_);
    LinkState& state = states_[*link];
    const bool was_down = !state.up;
    const bool round = state.routed_round;
    state.up = true;
    state.route_round_at.reset();
    if (Status status = emulator_->apply([&] { write_wanted(*link); }); !status) return tl::unexpected(status.error());
    if (round) {
      state.routed_round = false;
      if (Status status = route(); !status) return tl::unexpected(status.error());
    }
    const PairUse use = use_of(*link);
    const ChangeText text = healed_text(region_.links[*link].id, was_down, use, round);
    return report(*link, use, text.en, text.zh);
  }();
  if (answer) notify(*link);
  return answer;
}

Status Lab::change_settings(std::size_t link, const DirectionSettings& forward, const DirectionSettings& backward) {
  LinkState& state = states_[link];
  const std::uint32_t mtu = interface_mtu(forward, backward);
  if (mtu != interface_mtu(state.forward, state.backward)) {
    if (Status status = network_->set_mtu(region_, *routes_, link, mtu); !status) return status;
  }
  state.forward = forward;
  state.backward = backward;
  return emulator_->apply([&] { write_wanted(link); });
}

Result<ChangeReport> Lab::set(std::string_view id, const SettingsChange& change, DirectionChoice direction) {
  const auto link = require_link(region_, id);
  if (!link) return tl::unexpected(link.error());
  Result<ChangeReport> answer = [&]() -> Result<ChangeReport> {
    const std::lock_guard lock(mutex_);
    DirectionSettings forward = states_[*link].forward;
    DirectionSettings backward = states_[*link].backward;
    if (direction != DirectionChoice::kBackward) change.apply_to(forward);
    if (direction != DirectionChoice::kForward) change.apply_to(backward);
    if (Status status = change_settings(*link, forward, backward); !status) return tl::unexpected(status.error());
    const ChangeText text = set_text(snapshot(*link));
    return report(*link, {}, text.en, text.zh);
  }();
  if (answer) notify(*link);
  return answer;
}

Result<ChangeReport> Lab::set_default(std::string_view id, DirectionChoice direction) {
  const auto link = require_link(region_, id);
  if (!link) return tl::unexpected(link.error());
  Result<ChangeReport> answer = [&]() -> Result<ChangeReport> {
    const std::lock_guard lock(mutex_);
    const Link& original = region_.links[*link];
    const DirectionSettings forward =
        direction == DirectionChoice::kBackward ? states_[*link].forward : original.forward;
    const DirectionSettings backward =
        direction == DirectionChoice::kForward ? states_[*link].backward : original.backward;
    if (Status status = change_settings(*link, forward, backward); !status) return tl::unexpected(status.error());
    const ChangeText text = set_text(snapshot(*link));
    return report(*link, {}, text.en, text.zh);
  }();
  if (answer) notify(*link);
  return answer;
}

Result<Truth> Lab::truth() {
  const std::lock_guard lock(mutex_);
  // A round trip to the emulator, which also brings the kernel's drop count up to date.
  if (Status status = emulator_->apply([] {}); !status) return tl::unexpected(status.error());
  Truth truth{.since_reset = clock_.now() - counted_since_, .unseen = memory_->header().unseen.load(), .links = {}};
  for (std::size_t i = 0; i < region_.links.size(); ++i) {
    const LinkSnapshot link = snapshot(i);
    truth.links.push_back({.link = link.id,
                           .a = link.a,
                           .b = link.b,
                           .up = link.up,
                           .forward_settings = link.forward,
                           .backward_settings = link.backward,
                           .forward = memory_->directions()[2 * i].read(),
                           .backward = memory_->directions()[2 * i + 1].read()});
  }
  return truth;
}

Status Lab::reset_truth() {
  const std::lock_guard lock(mutex_);
  if (Status status = emulator_->apply([] {}, true); !status) return status;
  counted_since_ = clock_.now();
  return {};
}

Result<net::Namespace> Lab::site_namespace(std::string_view id) const {
  const auto site = require_site(region_, id);
  if (!site) return tl::unexpected(site.error());
  return network_->site(*site).share();
}

std::string Lab::hosts() const {
  std::string text = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n";
  for (const SiteSnapshot& site : sites()) {
    for (const std::string& address : {site.ipv4, site.ipv6}) {
      text += fmt::format("{} {} {}.lab\n", address, site.site.id, site.site.id);
    }
  }
  return text;
}

void Lab::tend() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    int timeout = -1;
    const MonotonicTime now = clock_.now();
    for (std::size_t i = 0; i < states_.size(); ++i) {
      auto& planned = states_[i].route_round_at;
      if (!planned) continue;
      if (*planned <= now) {
        planned.reset();
        states_[i].routed_round = true;
        if (const Status status = route(); !status) log::error("lab: {}", status.error().message());
        lock.unlock();
        notify(i);
        lock.lock();
        timeout = 0;  // Look again: the world may have changed meanwhile.
        break;
      }
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*planned - now).count();
      timeout = timeout < 0 ? static_cast<int>(left) : std::min(timeout, static_cast<int>(left));
    }
    std::array<pollfd, 2> ready{pollfd{.fd = wake_tender_, .events = POLLIN, .revents = 0},
                                pollfd{.fd = death_told_ ? -1 : emulator_->pid_fd(), .events = POLLIN, .revents = 0}};
    lock.unlock();
    const int count = ::poll(ready.data(), ready.size(), timeout);
    lock.lock();
    if (count <= 0) continue;
    std::uint64_t rung = 0;
    if (ready[0].revents != 0 && ::read(wake_tender_, &rung, sizeof rung) < 0 && errno != EAGAIN) return;
    if (ready[1].revents != 0 && !stopping_) {
      death_told_ = true;
      log::error("lab: the emulator process has ended; no link carries anything. Start the lab again");
    }
  }
}

}  // namespace gnomon::lab
