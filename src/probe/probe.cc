#include "probe/probe.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "core/hex.h"
#include "core/log.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "schema/access_names.h"

namespace gnomon::probe {
namespace {

// Held as long as the descriptor is open, and released by the kernel even after kill -9.
Result<net::FileDescriptor> lock_folder(const std::string& folder) {
  const std::string path = folder + "/lock";
  net::FileDescriptor lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock.valid()) return errno_failure(errno, "open probe folder", folder);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return errno_failure(errno, "lock probe folder", folder);
  return failure(ErrorCode::kConflict, "lock probe folder", folder, "another probe uses it",
                 "stop that one, or give this one a folder of its own with --data");
}

}  // namespace

std::string ProbeIdentity::enrol_command() const {
  std::string command = "gnomon probe allow " + to_hex(public_key);
  if (!name.empty()) command += " --name " + name;
  if (!site.empty()) command += " --site " + site;
  return command;
}

Result<crypto::PrivateKey> Probe::open_key(const std::string& folder) {
  if (auto made = segment::real_file_system().create_folders(folder); !made) return tl::unexpected(made.error());
  return crypto::PrivateKey::load_or_create(folder + "/key.pem");
}

Probe::Probe(ProbeParts parts, crypto::PrivateKey key, net::FileDescriptor lock, methods::Engine& engine, Inbox& inbox,
             Uplink& uplink, const Clock& clock)
    : parts_(std::move(parts)),
      key_(std::move(key)),
      lock_(std::move(lock)),
      uplink_(uplink),
      clock_(clock),
      paths_(engine, inbox, clock, parts_.environment) {}

Result<std::unique_ptr<Probe>> Probe::open(ProbeParts parts, methods::Engine& engine, Inbox& inbox, Uplink& uplink,
                                           const Clock& clock, Random& random) {
  auto key = open_key(parts.folder);
  if (!key) return tl::unexpected(key.error());
  auto lock = lock_folder(parts.folder);
  if (!lock) return tl::unexpected(lock.error());
  const Place& place = parts.environment.place;
  ProbeIdentity identity{place.name, place.site, crypto::probe_id(key->public_key()), key->public_key().bytes()};
  parts.limits.enrol_command = identity.enrol_command();
  const std::string spool_folder = parts.folder + "/spool";
  std::unique_ptr<Probe> probe(
      new Probe(std::move(parts), std::move(*key), std::move(*lock), engine, inbox, uplink, clock));
  probe->identity_ = identity;
  probe->header_ = {identity.id, identity.name, identity.site, ""};
  Outbox::Hooks hooks;
  hooks.post = [raw = probe.get()](std::uint64_t request, std::vector<std::string> batches) {
    raw->uplink_.post({raw->parts_.environment.probe, request, std::move(batches)});
  };
  hooks.tell = [raw = probe.get()](bool is_warning, const std::string& text) { raw->tell(is_warning, text); };
  auto outbox = Outbox::open(segment::real_file_system(), spool_folder, probe->parts_.limits, clock, random, hooks);
  if (!outbox) return tl::unexpected(outbox.error());
  probe->outbox_ = std::move(*outbox);
  auto sensor = NetworkSensor::open(*probe->parts_.environment.space);
  if (!sensor) return tl::unexpected(sensor.error());
  probe->network_ = std::move(*sensor);
  return probe;
}

void Probe::use_plan(const Plan& plan, const std::string& plan_revision) {
  header_.plan_revision = plan_revision;
  paths_.use_plan(plan);
}

void Probe::take(Row row) {
  ++windows_;
  open_.push_back(std::move(row));
  if (!close_at_) close_at_ = clock_.now() + kGather;
  if (open_.size() >= kRowsPerBatch) flush();
}

void Probe::take(schema::AccessResult result) {
  const std::string& access = parts_.environment.place.access;
  if (result.access.empty()) result.access = access;
  if (result.network == schema::AccessNetwork::kUnknown) result.network = schema::network_of_access(result.access);
  results_.push_back(std::move(result));
  if (!close_at_) close_at_ = clock_.now() + kGather;
  if (results_.size() >= kResultsPerBatch) flush();
}

void Probe::take(const ParcelAnswer& answer) {
  outbox_->take(answer.request, answer.outcome);
}

void Probe::lost(std::uint64_t windows) {
  outbox_->lost(windows, "the probe was held up");
}

MonotonicTime Probe::wake() const {
  MonotonicTime at = paths_.wake();
  if (close_at_) at = std::min(at, *close_at_);
  if (const auto delivery = outbox_->wake()) at = std::min(at, *delivery);
  return at;
}

void Probe::tick(const MachineReading& machine) {
  machine_ = machine;
  paths_.tick();
  for (const std::string& notice : paths_.take_notices()) tell(true, notice);
  const MonotonicTime now = clock_.now();
  if (close_at_ && now >= *close_at_) flush();
  outbox_->tick();
}

void Probe::examine() {
  auto reading = network_->read();
  if (reading) seen_ = std::move(*reading);
  const auto before = judgement_.complaints;
  judgement_ = judge(seen_, machine_, {paths_.uses(Family::kIpv4), paths_.uses(Family::kIpv6)});
  if (!reading) judgement_.complaints.push_back(reading.error().message());
  if (judgement_.complaints == before) return;
  for (const std::string& complaint : judgement_.complaints) tell(true, complaint);
  if (judgement_.complaints.empty()) tell(false, "the vantage point is well again");
}

void Probe::flush() {
  close_at_.reset();
  std::vector<Row> rows = std::exchange(open_, {});
  std::vector<schema::AccessResult> results = std::exchange(results_, {});
  if (rows.empty() && results.empty()) return;
  examine();
  const auto is_sick = [&](bool ipv4) { return ipv4 ? judgement_.ipv4_sick : judgement_.ipv6_sick; };
  for (Row& row : rows) {
    if (is_sick(row.label->family == Family::kIpv4)) row.window.marks |= schema::kMarkVantageSick;
  }
  for (schema::AccessResult& result : results) {
    if (result.family != 0 && is_sick(result.family == 4)) result.marks |= schema::kMarkVantageSick;
  }
  std::span<Row> left(rows);
  do {
    const std::size_t count = rows_of_one_batch(left);
    close_batch(left.first(count), results);
    left = left.subspan(count);
    results.clear();
  } while (!left.empty());
}

void Probe::close_batch(std::span<const Row> rows, std::span<const schema::AccessResult> results) {
  v1::VantageHealth vantage;
  MachineReading machine = machine_;
  machine.clock_stepped = machine_.clock_stepped - clock_reported_;
  clock_reported_ = machine_.clock_stepped;
  fill(seen_, machine, judgement_, parts_.environment.same_machine, vantage);
  vantage.set_spool_bytes(outbox_->delivery().waiting_bytes());
  vantage.set_spool_batches(outbox_->delivery().waiting_batches());
  vantage.set_spool_limit_bytes(parts_.limits.disk_bytes);
  outbox_->close(
      make_batch(header_, outbox_->next_sequence(), rows, outbox_->pending(), vantage, clock_.wall(), key_, results));
}

void Probe::finish() {
  flush();
  outbox_->finish();
}

void Probe::tell(bool is_warning, const std::string& text) const {
  if (is_warning) {
    log::warning("probe {}: {}", identity_.name, text);
  } else {
    log::info("probe {}: {}", identity_.name, text);
  }
}

ProbeStatus Probe::status() const {
  ProbeStatus status;
  status.identity = identity_;
  status.paths = paths_.size();
  status.paths_refused = paths_.refused();
  status.windows = windows_;
  const Delivery& delivery = outbox_->delivery();
  status.batches_delivered = delivery.delivered_batches();
  status.spool_batches = delivery.waiting_batches();
  status.spool_bytes = delivery.waiting_bytes();
  status.dropped_windows = delivery.dropped_windows();
  status.uplink = delivery.state();
  status.complaints = judgement_.complaints;
  return status;
}

}  // namespace gnomon::probe
