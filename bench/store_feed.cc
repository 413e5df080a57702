// links: store_duckdb
#include "bench/store_feed.h"

#include <cmath>
#include <cstring>

#include "gnomon/v1/batch.pb.h"
#include "schema/delay_columns.h"

namespace gnomon::bench {

struct StoreFeed::Columns {
  v1::DelayWindows message;
  schema::DelayColumns view;
};

namespace {

// A prime, so that a path does not meet the same columns at the same minute of every hour.
constexpr std::size_t kReady = 211;
constexpr int kPackets = 10;

// Delays of a path: a floor, and above it an exponential queue.
Nanoseconds delay(Random& random, double floor_ns, double queue_ns) {
  return Nanoseconds(static_cast<std::int64_t>(floor_ns - queue_ns * std::log(1 - random.uniform())));
}

schema::DelayWindow make_window(Random& random, std::uint32_t path, WallTime start, Nanoseconds length, bool one_way) {
  schema::DelayWindow w;
  w.start = start;
  w.duration = length;
  w.outcome = schema::Outcome::kAnswered;
  w.sent = kPackets;
  w.lost = random.next() % 300 == 0 ? 1 : 0;
  w.received = w.sent - w.lost;
  w.timestamp_source = schema::TimestampSource::kKernel;
  w.error_bound = delay(random, 1'200, 150);
  const double floor_ns = 5e5 * (1 + path % 40);
  const auto note = [](Nanoseconds v, auto& least, auto& most) {
    least = std::min(least.value_or(v), v);
    most = std::max(most.value_or(v), v);
  };
  Nanoseconds sum{}, last{};
  for (std::uint32_t i = 0; i < w.received; ++i) {
    const Nanoseconds forward = delay(random, floor_ns, 0.05 * floor_ns);
    const Nanoseconds backward = delay(random, floor_ns, 0.05 * floor_ns);
    const Nanoseconds rtt = forward + backward;
    w.rtt.add(rtt);
    note(rtt, w.rtt_min, w.rtt_max);
    if (i > 0) w.ipdv.add(rtt - last);
    last = rtt;
    sum += rtt;
    if (!one_way) continue;
    w.forward.add(forward);
    w.backward.add(backward);
    note(forward, w.forward_min, w.forward_max);
    note(backward, w.backward_min, w.backward_max);
  }
  w.rtt_mean = sum / static_cast<std::int64_t>(w.received);
  if (one_way) w.clock_bound = w.error_bound;
  return w;
}

ProbeId probe_id(std::size_t probe) {
  ProbeId id;
  std::memcpy(id.bytes.data(), &probe, sizeof probe);
  return id;
}

std::string make_path(std::size_t i, const std::string& method) {
  v1::Path path;
  path.set_plan_item("mesh");
  path.set_method(method);
  path.set_target(fmt::format("target-{}", i));
  path.set_target_site(fmt::format("site-{}", i % 300));
  path.set_family(i % 2 == 0 ? v1::ADDRESS_FAMILY_IPV4 : v1::ADDRESS_FAMILY_IPV6);
  path.set_address(fmt::format("192.0.2.{}", i % 250));
  path.set_interval_ms(1'000);
  return path.SerializeAsString();
}

}  // namespace

StoreFeed::StoreFeed(store::Store& store, std::size_t paths, std::size_t paths_per_probe, Nanoseconds window)
    : store_(store),
      paths_per_probe_(paths_per_probe),
      probes_((paths + paths_per_probe - 1) / paths_per_probe),
      window_(window) {
  for (std::size_t i = 0; i < paths_per_probe_; ++i) {
    echo_paths_.push_back(make_path(i, "echo"));
    stamp_paths_.push_back(make_path(i, "stamp"));
  }
  SeededRandom random(1);
  for (const bool one_way : {false, true}) {
    for (std::size_t i = 0; i < kReady; ++i) {
      auto columns = std::make_unique<Columns>();
      for (std::uint32_t p = 0; p < paths_per_probe_; ++p) {
        schema::append(columns->message, p, kStart, make_window(random, p, kStart, window, one_way));
      }
      columns->view = *schema::DelayColumns::view(columns->message, paths_per_probe_);
      (one_way ? stamp_ : echo_).push_back(std::move(columns));
    }
  }
}

StoreFeed::~StoreFeed() = default;

WallTime StoreFeed::now() const {
  return kStart + static_cast<std::int64_t>(round_) * window_;
}

schema::PathTable StoreFeed::table_of(std::size_t probe) const {
  schema::PathTable table(probe_id(probe));
  for (const std::string& path : probe % 2 == 0 ? echo_paths_ : stamp_paths_) {
    (void)table.add(std::as_bytes(std::span(path)));
  }
  return table;
}

PathId StoreFeed::id(std::size_t path) const {
  return table_of(path / paths_per_probe_).path(path % paths_per_probe_).id;
}

store::AppliedBatch StoreFeed::next_batch(std::size_t probe) {
  const auto& ready = probe % 2 == 0 ? echo_ : stamp_;
  store::AppliedBatch batch;
  batch.record = record_++;
  batch.base = now();
  batch.header.probe = probe_id(probe);
  batch.header.sequence = round_ + 1;
  batch.header.received = batch.base;
  batch.header.site = fmt::format("site-{}", probe % 300);
  batch.paths = store::PathList(tables_.emplace_back(table_of(probe)));
  batch.windows = &ready[batch.record % ready.size()]->view;
  return batch;
}

void StoreFeed::add_batch() {
  batches_.push_back(next_batch(next_probe_));
  if (++next_probe_ < probes_) return;
  next_probe_ = 0;
  ++round_;
}

Status StoreFeed::apply() {
  if (batches_.empty()) return {};
  if (auto status = store_.apply(batches_, {batches_.front().record}, {record_}); !status) return status;
  windows_ += batches_.size() * paths_per_probe_;
  batches_.clear();
  tables_.clear();
  return {};
}

Status StoreFeed::run(std::size_t rounds, std::size_t rows, const std::function<void()>& after) {
  const std::size_t most = std::max<std::size_t>(1, rows / paths_per_probe_);
  for (const std::uint64_t end = round_ + rounds; round_ < end;) {
    add_batch();
    if (batches_.size() < most && round_ < end) continue;
    if (auto status = apply(); !status) return status;
    if (after) after();
  }
  return {};
}

Status StoreFeed::run_part(std::size_t rows) {
  for (std::size_t i = 0; i < std::max<std::size_t>(1, rows / paths_per_probe_); ++i) add_batch();
  return apply();
}

}  // namespace gnomon::bench
