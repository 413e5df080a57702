// links: journal
//
// What the journal does in a second and what it takes on disk: journal_bench DIR [BATCHES] [WINDOWS].
//
//   1. check      signature and columns of each batch, one thread
//   2. append     all batches queued as fast as the queue takes them; durable, group commit
//   3. wait       one batch at a time, each waiting for its sync
//   4. reopen     from the index, and without it
//   5. verify     as `gnomon verify DIR`
//
// DIR is made and emptied. WINDOWS windows a batch, with three sketches of about five buckets and ipdv of about eight.

#include <fmt/core.h>

#include <chrono>
#include <cmath>
#include <filesystem>

#include "core/random.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "journal/journal.h"
#include "journal/verify.h"

namespace {

using namespace gnomon;
using Bytes = std::span<const std::byte>;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

Bytes bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// A normal deviate from two uniform ones (Box, Muller 1958).
double normal(Random& random) {
  return std::sqrt(-2 * std::log(1 - random.uniform())) * std::cos(6.283185307 * random.uniform());
}

schema::DelayWindow window_of(Random& random, WallTime start, double base_ns) {
  schema::DelayWindow w;
  w.start = start;
  w.duration = std::chrono::seconds(10);
  w.outcome = schema::Outcome::kAnswered;
  w.sent = w.received = 10;
  double sum = 0, last = 0;
  for (int i = 0; i < 10; ++i) {
    const double rtt = base_ns * (1 + 0.008 * normal(random));
    const auto ns = [](double v) { return Nanoseconds(static_cast<std::int64_t>(v)); };
    w.rtt.add(ns(rtt));
    w.forward.add(ns(rtt * 0.5));
    w.backward.add(ns(rtt * 0.5 + 1000));
    if (i > 0) w.ipdv.add(ns(rtt - last));
    const Nanoseconds value = ns(rtt);
    w.rtt_min = std::min(w.rtt_min.value_or(value), value);
    w.rtt_max = std::max(w.rtt_max.value_or(value), value);
    sum += rtt;
    last = rtt;
  }
  w.rtt_mean = Nanoseconds(static_cast<std::int64_t>(sum / 10));
  w.rtt_mean = std::clamp(*w.rtt_mean, *w.rtt_min, *w.rtt_max);
  w.forward_min = *w.rtt_min / 2;
  w.forward_max = *w.rtt_max / 2;
  w.backward_min = *w.rtt_min / 2;
  w.backward_max = *w.rtt_max / 2;
  w.timestamp_source = schema::TimestampSource::kKernel;
  w.error_bound = Nanoseconds(1300);
  w.clock_bound = std::chrono::microseconds(900);
  return w;
}

std::string make_batch(const crypto::PrivateKey& key, std::uint64_t sequence, std::size_t windows, Random& random) {
  v1::Batch batch;
  const ProbeId id = crypto::probe_id(key.public_key());
  batch.set_probe_id(id.bytes.data(), id.bytes.size());
  batch.set_sequence(sequence);
  batch.set_base_unix_ms(1'750'000'000'000 + static_cast<std::int64_t>(sequence) * 10'000);
  batch.set_created_unix_ms(batch.base_unix_ms() + 10'000);
  const WallTime base{std::chrono::milliseconds(batch.base_unix_ms())};
  for (std::size_t i = 0; i < windows; ++i) {
    auto* path = batch.add_paths();
    path->set_method("stamp");
    path->set_target(fmt::format("site-{}", i));
    append(*batch.mutable_delay(), static_cast<std::uint32_t>(i), base,
           window_of(random, base, 2e6 * (1 + static_cast<double>(i))));
  }
  return schema::sign_batch(batch, key);
}

void fail(const Error& error) {
  fmt::print(stderr, "journal_bench: {}\n", error.message());
  std::exit(1);
}

std::unique_ptr<journal::Journal> open(const std::string& folder, const crypto::PrivateKey& key) {
  static const SystemClock clock;
  const double begin = now();
  auto opened = journal::Journal::open(segment::real_file_system(), folder, key, clock);
  if (!opened) fail(opened.error());
  fmt::print("open     {:8.3f} s, {} records scanned\n", now() - begin, (*opened)->status().scanned_on_open);
  return *std::move(opened);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "example: journal_bench /var/tmp/journal 20000 40\n");
    return 2;
  }
  const std::string folder = argv[1];
  const std::size_t count = argc > 2 ? std::stoul(argv[2]) : 20'000;
  const std::size_t windows = argc > 3 ? std::stoul(argv[3]) : 40;
  std::filesystem::remove_all(folder);
  SeededRandom random(1);
  const auto key = crypto::PrivateKey::generate();
  std::vector<std::string> batches;
  std::size_t plain = 0;
  for (std::size_t i = 0; i < count; ++i) plain += batches.emplace_back(make_batch(key, i + 1, windows, random)).size();

  double begin = now();
  std::vector<schema::VerifiedBatch> checked;
  for (const std::string& bytes : batches) checked.push_back(schema::read_signed_batch(bytes_of(bytes)).value());
  double time = now() - begin;
  fmt::print("check    {:8.0f} batches/s {:9.0f} windows/s, one thread\n", count / time, count * windows / time);

  auto journal = open(folder, key);
  const std::size_t single = std::min<std::size_t>(count / 10, 500);
  begin = now();
  for (std::size_t i = 0; i + single < count; ++i) {
    const auto queued = journal->append(checked[i], bytes_of(batches[i]), [](const auto& r) {
      if (!r) fail(r.error());
    });
    if (queued) continue;
    if (queued.error().code != ErrorCode::kUnavailable) fail(queued.error());
    (void)journal->wait_for_more_than(journal->durable_records(), std::chrono::seconds(1));
    --i;
  }
  while (journal->durable_records() < count - single) {
    (void)journal->wait_for_more_than(journal->durable_records(), std::chrono::seconds(1));
  }
  time = now() - begin;
  const auto status = journal->status();
  fmt::print("append   {:8.0f} batches/s {:9.0f} windows/s, {} groups\n", (count - single) / time,
             (count - single) * windows / time, status.log.groups);
  begin = now();
  for (std::size_t i = count - single; i < count; ++i) {
    if (auto done = journal->append_and_wait(checked[i], bytes_of(batches[i])); !done) fail(done.error());
  }
  fmt::print("wait     {:8.3f} ms a batch\n", (now() - begin) / single * 1e3);
  const auto bytes = journal->status().log.bytes;
  fmt::print("size     {:8.1f} bytes/window stored, {:.1f} as sent\n", static_cast<double>(bytes) / (count * windows),
             static_cast<double>(plain) / (count * windows));
  begin = now();
  journal.reset();
  fmt::print("close    {:8.3f} s\n", now() - begin);
  open(folder, key).reset();
  std::filesystem::remove(folder + "/journal/index");
  open(folder, key).reset();
  begin = now();
  const auto report = journal::verify_folder(segment::real_file_system(), folder);
  time = now() - begin;
  fmt::print("verify   {:8.0f} batches/s {:6.1f} MB/s, {} faults\n", count / time, bytes / time / 1e6,
             report->problem_count);
  return report->problem_count == 0 ? 0 : 1;
}
