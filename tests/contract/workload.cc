#include "contract/workload.h"

#include <array>
#include <cmath>

#include "gnomon/v1/delay.pb.h"
#include "schema/delay_columns.h"

namespace gnomon::store::contract {

struct History::Message {
  v1::DelayWindows columns;
  schema::DelayColumns view;
};

namespace {

ProbeId probe_id(std::size_t probe) {
  ProbeId id;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<std::byte>((probe + 1) * 37 + i * 11);
  return id;
}

std::uint64_t below(Random& random, std::uint64_t limit) {
  return random.next() % limit;
}

Nanoseconds random_delay(Random& random, double typical_ms) {
  return Nanoseconds(static_cast<std::int64_t>(1e6 * typical_ms * std::exp(0.3 * (random.uniform() - 0.5))));
}

void fill(DelaySketch& sketch, Random& random, std::uint32_t packets, double typical_ms) {
  for (std::uint32_t i = 0; i < packets; ++i) sketch.add(random_delay(random, typical_ms));
}

schema::DelayWindow random_window(Random& random, WallTime start, Nanoseconds length, double typical_ms) {
  schema::DelayWindow w;
  w.start = start;
  w.duration = length;
  w.marks = below(random, 10) == 0 ? static_cast<std::uint32_t>(1U << below(random, 6)) : 0;
  w.sent = 10 + static_cast<std::uint32_t>(below(random, 5));
  const bool answered = below(random, 12) != 0;
  w.lost = answered ? static_cast<std::uint32_t>(below(random, 3)) : w.sent;
  w.received = w.sent - w.lost;
  w.late = w.lost > 0 ? static_cast<std::uint32_t>(below(random, w.lost + 1)) : 0;
  w.duplicated = below(random, 20) == 0 ? 1 : 0;
  w.reordered = below(random, 20) == 0 ? 2 : 0;
  w.stray = below(random, 50) == 0 ? 1 : 0;
  w.outcome = answered ? schema::Outcome::kAnswered : schema::Outcome::kNoAnswer;
  if (below(random, 3) == 0) {
    w.lost_forward = w.lost / 2;
    w.lost_backward = w.lost - w.lost / 2;
    w.reordered_forward = 0;
    w.reordered_backward = w.reordered;
  }
  if (!answered) return w;
  fill(w.rtt, random, w.received, typical_ms);
  fill(w.ipdv, random, w.received - 1, typical_ms / 50);
  w.rtt_min = random_delay(random, typical_ms * 0.8);
  w.rtt_mean = *w.rtt_min + random_delay(random, typical_ms * 0.1);
  w.rtt_max = *w.rtt_mean + random_delay(random, typical_ms * 0.4);
  w.timestamp_source = below(random, 9) == 0 ? schema::TimestampSource::kUser : schema::TimestampSource::kKernel;
  w.error_bound = Nanoseconds(1'000 + below(random, 50'000));
  if (below(random, 2) == 0) {
    fill(w.forward, random, w.received, typical_ms / 2);
    fill(w.backward, random, w.received, typical_ms / 2);
    w.forward_min = random_delay(random, typical_ms / 3) - std::chrono::milliseconds(2);  // negative: a clock fault
    w.forward_max = *w.forward_min + random_delay(random, typical_ms);
    w.backward_min = random_delay(random, typical_ms / 3);
    w.backward_max = *w.backward_min + random_delay(random, typical_ms);
    w.clock_bound = Nanoseconds(below(random, 1'000'000));
  }
  return w;
}

// Few keys and few values, so that tests share them; half of what may be unknown is.
schema::AccessResult random_test(Random& random, WallTime start, Nanoseconds span) {
  constexpr std::array kMethods = {"tcp", "udp", "responsiveness"};
  const auto maybe = [&](auto value) { return below(random, 2) == 0 ? std::optional(value) : std::nullopt; };
  const auto delay = [&] { return Nanoseconds(below(random, 90) * 1'000'000); };
  schema::AccessResult r;
  const auto steps = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(span / std::chrono::seconds(1)));
  r.start = start + std::chrono::seconds(below(random, steps));  // some at the same time
  r.duration = std::chrono::milliseconds(below(random, 20'000));
  r.plan_item = "daily";
  r.target = "speed 'one'";
  if (below(random, 2) == 0) r.target_site = fmt::format("site-{}", below(random, 6));
  r.address = "2001:db8::7";
  r.port = 7681;
  r.family = below(random, 2) == 0 ? 4 : 6;
  r.method = kMethods[below(random, kMethods.size())];
  r.direction = static_cast<schema::AccessDirection>(1 + below(random, 2));
  r.streams = static_cast<std::uint32_t>(below(random, 9));
  r.network = below(random, 3) == 0 ? schema::AccessNetwork::k5g : schema::AccessNetwork::kFixed;
  r.access = below(random, 5) == 0 ? "backup" : "";
  r.outcome = below(random, 4) == 0 ? schema::AccessOutcome::kCutShort : schema::AccessOutcome::kDone;
  r.marks = below(random, 6) == 0 ? schema::kMarkCapacityTest : 0U;
  if (below(random, 4) != 0) r.throughput = below(random, 40) == 0 ? UINT64_MAX : below(random, 100) * 10'000'000;
  r.throughput_high = r.throughput;
  r.samples = static_cast<std::uint32_t>(below(random, 200));
  r.layer = schema::ThroughputLayer::kTcp;
  r.moved_bytes = below(random, 1'000'000'000);
  r.spared_bytes = maybe(below(random, 3));
  r.idle_p50 = maybe(delay());
  r.loaded_p50 = maybe(delay());
  r.queue = maybe(delay());
  r.rpm = maybe(static_cast<std::uint32_t>(below(random, 2'000)));
  r.loss_ratio = maybe(random.uniform());
  r.verdict = static_cast<schema::AccessLimit>(below(random, 13));  // two of a newer schema
  r.verdict_confidence = maybe(random.uniform());
  for (std::uint64_t i = below(random, 4); i > 0; --i) {
    r.evidence.push_back({fmt::format("figure_{}", i), 1e9 * (random.uniform() - 0.5), i % 2 == 0 ? "ns" : ""});
  }
  r.client_cpu = maybe(random.uniform());
  r.software = "gnomon 0.1.0";
  return r;
}

}  // namespace

History::History(std::uint64_t seed, const WorkloadShape& shape) {
  SeededRandom random(seed);
  range_ = {shape.start, shape.start};
  // Slices of time per probe, in order; a late one waits and comes at a random later moment.
  std::vector<Slice> waiting;
  std::vector<std::size_t> sent(shape.probes);
  for (std::size_t b = 0; batches_.size() + waiting.size() < shape.batches; ++b) {
    if (!waiting.empty() && random.uniform() < shape.late / 2) {
      const auto at = static_cast<std::ptrdiff_t>(below(random, waiting.size()));
      add_batch(random, shape, waiting[static_cast<std::size_t>(at)]);
      waiting.erase(waiting.begin() + at);
      continue;
    }
    const std::size_t probe = b % shape.probes;
    const Slice slice{probe, sent[probe]++};
    if (random.uniform() < shape.late) {
      waiting.push_back(slice);
    } else {
      add_batch(random, shape, slice);
    }
  }
  for (const Slice& slice : waiting) add_batch(random, shape, slice);
}

History::~History() = default;

void History::add_batch(Random& random, const WorkloadShape& shape, Slice slice) {
  AppliedBatch& batch = batches_.emplace_back();
  batch.record = batches_.size() - 1;
  batch.base = shape.start + static_cast<std::int64_t>(slice.number * shape.windows_per_batch) * shape.window;
  batch.header = {.probe = probe_id(slice.probe),
                  .sequence = slice.number + 1,
                  .created = batch.base + std::chrono::minutes(1),
                  .received = batch.base + std::chrono::minutes(2),
                  .program_version = "0.1.0",
                  .probe_name = fmt::format("probe-{}", slice.probe),
                  .site = fmt::format("site-{}", slice.probe),
                  .plan_revision = slice.number > 20 ? "b" : "a",
                  .vantage = std::string("\x01\x00\xff", 3)};
  Message& message = messages_.emplace_back();
  std::vector<PathFields> paths;
  for (std::size_t p = 0; p < shape.paths_per_probe; ++p) {
    PathFields path;
    path.id = PathId{0x9e3779b97f4a7c15ULL * (slice.probe * 1'000 + p + 1)};
    path.plan_item = "mesh";
    path.method = p % 2 == 0 ? "echo" : "stamp";
    path.target = fmt::format("target '{}'", p);
    path.target_site = fmt::format("site-{}", p % shape.probes);
    path.family = p % 4 < 2 ? 4 : 6;
    path.address = slice.number > 30 ? "192.0.2.7" : "192.0.2.1";
    path.interval_ms = 1'000;
    path.payload_bytes = 56;
    path.port = path.method == "stamp" ? 862 : 0;
    const PathId id = path.id;
    paths.push_back(std::move(path));
    for (std::size_t w = 0; w < shape.windows_per_batch; ++w) {
      if (below(random, 30) == 0) continue;  // windows may be missing
      const auto jitter = std::chrono::milliseconds(below(random, 900));
      const WallTime start = batch.base + static_cast<std::int64_t>(w) * shape.window + jitter;
      const auto window = random_window(random, start, shape.window, 2.0 + 7.0 * static_cast<double>(p));
      schema::append(message.columns, static_cast<std::uint32_t>(p), batch.base, window);
      truth_.add({id, batch.record, window});
      range_.to = std::max(range_.to, start + std::chrono::milliseconds(1));
    }
  }
  message.view = *schema::DelayColumns::view(message.columns, paths.size());
  batch.paths = PathList(std::move(paths));
  batch.windows = &message.view;
  add_access(random, shape, batch);
  if (below(random, 25) == 0) {
    batch.dropped.push_back(
        {batch.header.probe, slice.number, slice.number, 12, batch.base, batch.base, "spool reached its limit"});
  }
}

void History::add_access(Random& random, const WorkloadShape& shape, AppliedBatch& batch) {
  if (random.uniform() >= shape.tests) return;
  auto& tests = access_.emplace_back();
  const Nanoseconds span = shape.window * static_cast<std::int64_t>(shape.windows_per_batch);
  for (std::uint64_t i = 1 + below(random, 3); i > 0; --i) tests.push_back(random_test(random, batch.base, span));
  for (std::uint32_t place = 0; place < tests.size(); ++place) {
    truth_.add({batch.record, place, batch.header.probe, batch.header.site, tests[place]});
  }
  batch.access = tests;
}

std::vector<PathId> History::paths() const {
  std::set<PathId> ids;
  for (const AppliedBatch& batch : batches_) {
    for (const PathFields& path : batch.paths.read()) ids.insert(path.id);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace gnomon::store::contract
