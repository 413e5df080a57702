#include "simulation/fleet_machine.h"

#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "journal/record_codec.h"
#include "simulation/network.h"

namespace gnomon::simulation {

using namespace std::chrono_literals;

namespace {

WindowId next_window(World& world) {
  return static_cast<WindowId>(++world.numbers);
}

probe::DeliveryLimits random_limits(World& world) {
  probe::DeliveryLimits limits;
  // Small enough that some runs drop much, others nothing.
  limits.disk_bytes = std::uint64_t{600} << world.below(8);
  limits.memory_bytes = std::uint64_t{400} << world.below(5);
  limits.request_bytes = std::uint64_t{400} << world.below(6);
  return limits;
}

}  // namespace

const Identity& identity(std::size_t n) {
  static const auto all = [] {
    std::vector<Identity> made;
    for (int i = 0; i < 4; ++i) {
      auto key = crypto::PrivateKey::from_seed(std::vector(32, static_cast<std::byte>(i + 40))).value();
      const ProbeId id = crypto::probe_id(key.public_key());
      made.push_back({std::move(key), id});
    }
    return made;
  }();
  return all.at(n);
}

FleetMachine::FleetMachine(World& w, Oracle& oracle, Network& network, std::size_t first, std::size_t count,
                           Nanoseconds interval)
    : Machine(w, fmt::format("probes-{}", first), w.between(-48h, 48h)),
      oracle_(oracle),
      network_(network),
      limits_(random_limits(w)),
      interval_(interval),
      paths_(1 + w.below(3)) {
  for (std::size_t i = 0; i < paths_; ++i) {
    probe::PathLabel label;
    label.item = "mesh";
    label.method = "echo";
    label.target = fmt::format("t{}", i);
    labels_.push_back(std::make_shared<const probe::PathLabel>(std::move(label)));
  }
  for (std::size_t i = 0; i < count; ++i) members_.push_back({&identity(first + i), nullptr, {}, {}, {}});
}

FleetMachine::~FleetMachine() = default;

std::string FleetMachine::folder_of(std::size_t member) const {
  return fmt::format("/probes/{}/spool", member);
}

bool FleetMachine::boot() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    probe::Outbox::Hooks hooks;
    hooks.post = [this, i](std::uint64_t request, std::vector<std::string> batches) {
      post(i, request, std::move(batches));
    };
    hooks.tell = [this, i](bool, const std::string& text) { world.tell(name, "{}: {}", i, text); };
    auto outbox = probe::Outbox::open(files, folder_of(i), limits_, clock, world.random, hooks);
    if (!outbox) {
      const ErrorCode code = outbox.error().code;
      if (code != ErrorCode::kIo && code != ErrorCode::kExhausted) world.violate("opens", outbox.error().message());
      return false;
    }
    members_[i].outbox = std::move(*outbox);
  }
  after_event();
  if (measuring_) later(interval_, [this] { close_batches(); });
  return true;
}

void FleetMachine::die() {
  for (Member& member : members_) {
    member.outbox.reset();
    member.not_safe.clear();
    member.patience.reset();
    member.ticking.reset();
    oracle_.life_ended(member.identity->id, life() - 1);
  }
  waiting_.clear();
  requests_ = 0;
}

void FleetMachine::measure() {
  measuring_ = true;
  if (is_up()) later(world.between(1s, interval_), [this] { close_batches(); });
}

void FleetMachine::measure_once() {
  if (!is_up()) return;
  later(0s, [this] {
    for (Member& member : members_) {
      if (!files.is_off() && !member.outbox->pending().empty()) close_batch(member);
    }
    after_event();
  });
}

void FleetMachine::close_batches() {
  if (!measuring_) return;
  later(interval_, [this] { close_batches(); });
  for (Member& member : members_) {
    // Now and then there is nothing to tell.
    if (!files.is_off() && !world.chance(10)) close_batch(member);
  }
  after_event();
}

void FleetMachine::close_batch(Member& member) {
  std::vector<probe::Row> rows;
  std::vector<WindowId> windows;
  for (const auto& label : labels_) {
    schema::DelayWindow window;
    window.start = clock.wall() - interval_;
    window.duration = interval_;
    // A window's number is its count of packets sent; all of them were lost.
    window.sent = window.lost = windows.emplace_back(next_window(world));
    rows.push_back({label, window});
  }
  probe::Outbox& outbox = *member.outbox;
  const std::uint64_t sequence = outbox.next_sequence();
  // A test of the access network, which names the windows that it travels with.
  schema::AccessResult result;
  result.start = clock.wall();
  result.method = "tcp";
  result.throughput = windows.front();
  auto made = probe::make_batch({member.identity->id, "p", "s", "r"}, sequence, rows, outbox.pending(),
                                v1::VantageHealth(), clock.wall(), member.identity->key, {&result, 1});
  world.tell(name, "{}: closes batch {} with windows {} to {}", to_string(member.identity->id).substr(0, 6), sequence,
             windows.front(), windows.back());
  oracle_.closed(member.identity->id, made, std::move(windows), life());
  member.not_safe.push_back(sequence);
  outbox.close(std::move(made));
}

void FleetMachine::post(std::size_t member, std::uint64_t request, std::vector<std::string> batches) {
  if (files.is_off()) return;
  const auto& patience = members_[member].patience;
  if (patience && clock.now() < *patience) {
    world.violate("patience", fmt::format("probe {} asks again {} ms too early", member,
                                          (*patience - clock.now()).count() / 1'000'000));
  }
  waiting_.push_back({member, request, std::move(batches)});
}

// The uplink's thread has one request at a time.
void FleetMachine::carry() {
  if (requests_ > 0 || waiting_.empty()) return;
  // What is posted while the answer to the last one is taken travels together.
  auto parcels = probe::take_parcels(waiting_);
  for (const probe::Parcel& parcel : parcels) {
    for (const std::string& batch : parcel.batches) {
      const auto named = journal::name_of(std::as_bytes(std::span(batch)));
      oracle_.sent(members_[parcel.probe].identity->id, named->sequence, batch);
    }
  }
  carry(std::move(parcels));
}

void FleetMachine::carry(std::vector<probe::Parcel> parcels) {
  ++requests_;
  auto request = probe::request_of(parcels);
  world.tell(name, "sends {} parcels, {} bytes", parcels.size(), request.body.size());
  network_.send(*this, std::move(request), [this, parcels](const Result<http::ClientResponse>& response) {
    --requests_;
    if (probe::is_refused_whole(response) && parcels.size() > 1) {
      for (const probe::Parcel& parcel : parcels) carry({parcel});
      return;
    }
    const auto answers = probe::answers_of(parcels, response);
    take(answers);
    if (!world.healed() && world.chance(4)) later(world.between(1s, 90s), [this, answers] { stray(answers); });
  });
}

void FleetMachine::take(const std::vector<probe::ParcelAnswer>& answers) {
  for (const probe::ParcelAnswer& answer : answers) {
    if (files.is_off()) return;
    Member& member = members_[answer.probe];
    member.patience.reset();
    const auto* failed = std::get_if<probe::Delivery::Failure>(&answer.outcome);
    if (failed != nullptr && failed->retry_after) member.patience = clock.now() + *failed->retry_after;
    member.outbox->take(answer.request, answer.outcome);
  }
  after_event();
}

void FleetMachine::stray(const std::vector<probe::ParcelAnswer>& answers) {
  for (const probe::ParcelAnswer& answer : answers) {
    if (files.is_off()) return;
    world.tell(name, "an old answer comes again");
    members_[answer.probe].outbox->take(answer.request, answer.outcome);
  }
  after_event();
}

void FleetMachine::read_errors() {
  files.fail_reads(1 + static_cast<int>(world.below(2)));
  for (const Member& member : members_) oracle_.unreadable(member.identity->id);
}

void FleetMachine::wall_step(Nanoseconds by) {
  clock.step_wall(by);
}

void FleetMachine::after_event() {
  if (files.is_off()) return;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Member& member = members_[i];
    if (member.outbox == nullptr) continue;
    std::erase_if(member.not_safe, [&](std::uint64_t sequence) {
      if (member.outbox->is_unsaved(sequence)) return false;
      const std::string path = fmt::format("{}/{:016x}.batch", folder_of(i), sequence);
      if (files.open(path, segment::OpenMode::kRead)) oracle_.safe(member.identity->id, sequence);
      return true;
    });
    const auto wake = member.outbox->wake();
    if (!wake || (member.ticking && *member.ticking <= *wake && *member.ticking > clock.now())) continue;
    member.ticking = std::max(*wake, clock.now());
    later(*member.ticking - clock.now(), [this, i] {
      members_[i].ticking.reset();
      members_[i].outbox->tick();
      after_event();
    });
  }
  carry();
}

bool FleetMachine::is_at_rest() const {
  return unrest().empty();
}

std::string FleetMachine::unrest() const {
  if (!is_up()) return name + " is down";
  for (const Member& member : members_) {
    const probe::Delivery& delivery = member.outbox->delivery();
    if (!delivery.idle()) return fmt::format("{} keeps {} batches", name, delivery.waiting_batches());
    if (!delivery.pending().empty()) return name + " has dropped ranges to report";
  }
  return {};
}

void FleetMachine::finish() {
  for (const Member& member : members_) {
    const bool knows_all = crashes() == 0 && life() == 1;
    oracle_.finish(member.identity->id,
                   knows_all ? std::optional(member.outbox->delivery().dropped_windows()) : std::nullopt);
  }
}

}  // namespace gnomon::simulation
