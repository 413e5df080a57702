// links: journal schema
// What the journal alone does in a second and what it takes on disk: check, append, wait, reopen, verify. Batches of
// three sketches of about five buckets and ipdv of about eight, one key.

#include <chrono>
#include <cmath>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "bench/row.h"
#include "core/random.h"
#include "crypto/probe_id.h"
#include "gnomon/v1/batch.pb.h"
#include "journal/journal.h"
#include "journal/verify.h"

namespace gnomon::bench {

namespace {

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

using Opened = Result<std::unique_ptr<journal::Journal>>;

// Opens the journal and says how long that took.
Opened open(const std::string& folder, const crypto::PrivateKey& key, const std::string& what, Figures& figures) {
  static const SystemClock clock;
  const double begin = now();
  auto opened = journal::Journal::open(segment::real_file_system(), folder, key, clock);
  if (opened) figures.push_back({what, now() - begin, "s"});
  return opened;
}

// Queues batches as fast as the queue takes them and waits until all are durable.
Status append_all(journal::Journal& journal, std::span<const schema::VerifiedBatch> checked,
                  std::span<const std::string> batches) {
  Status first;
  std::size_t told = 0;
  std::mutex mutex;
  std::condition_variable changed;
  for (std::size_t i = 0; i < batches.size();) {
    const auto queued = journal.append(checked[i], bytes_of(batches[i]), [&](const auto& done) {
      const std::lock_guard lock(mutex);
      if (!done && first) first = tl::unexpected(done.error());
      ++told;
      changed.notify_all();  // Under the lock: all of this goes as soon as it is free.
    });
    if (!queued && queued.error().code != ErrorCode::kUnavailable) return queued;
    if (queued) {
      ++i;
    } else {
      (void)journal.wait_for_more_than(journal.durable_records(), std::chrono::seconds(1));
    }
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return told == batches.size(); });
  return first;
}

Result<Figures> run(const RunOptions& options) {
  const std::string folder = options.scratch / "journal";
  const auto count = static_cast<std::size_t>(options.setting("batches"));
  const auto windows = static_cast<std::size_t>(options.setting("windows"));
  const auto all = static_cast<double>(count * windows);
  Figures figures;
  SeededRandom random(1);
  const auto key = crypto::PrivateKey::generate();
  std::vector<std::string> batches;
  std::size_t plain = 0;
  for (std::size_t i = 0; i < count; ++i) plain += batches.emplace_back(make_batch(key, i + 1, windows, random)).size();

  double begin = now();
  std::vector<schema::VerifiedBatch> checked;
  for (const std::string& bytes : batches) checked.push_back(schema::read_signed_batch(bytes_of(bytes)).value());
  figures.push_back({"check, one thread", all / (now() - begin), "windows/s"});

  auto journal = open(folder, key, "open, empty", figures);
  if (!journal) return tl::unexpected(journal.error());
  const std::size_t single = std::min<std::size_t>(count / 10, 500);
  const std::size_t most = count - single;
  begin = now();
  if (const Status done = append_all(**journal, std::span(checked).first(most), std::span(batches).first(most));
      !done) {
    return tl::unexpected(done.error());
  }
  figures.push_back({"append, durable", static_cast<double>(most * windows) / (now() - begin), "windows/s"});
  figures.push_back({"append, batches a sync", static_cast<double>(most) / (*journal)->status().log.groups, "batches"});
  begin = now();
  for (std::size_t i = most; i < count; ++i) {
    if (auto done = (*journal)->append_and_wait(checked[i], bytes_of(batches[i])); !done) {
      return tl::unexpected(done.error());
    }
  }
  figures.push_back({"append, one at a time", (now() - begin) / static_cast<double>(single) * 1e3, "ms/batch"});
  const auto stored = static_cast<double>((*journal)->status().log.bytes);
  figures.push_back({"size as sent", static_cast<double>(plain) / all, "bytes/window"});
  figures.push_back({"size stored", stored / all, "bytes/window"});
  begin = now();
  journal->reset();
  figures.push_back({"close", now() - begin, "s"});
  if (auto again = open(folder, key, "open with the index", figures); !again) return tl::unexpected(again.error());
  std::filesystem::remove(folder + "/journal/index");
  if (auto again = open(folder, key, "open without it", figures); !again) return tl::unexpected(again.error());
  begin = now();
  const auto report = journal::verify_folder(segment::real_file_system(), folder);
  if (!report) return tl::unexpected(report.error());
  figures.push_back({"verify", stored / (now() - begin) / 1e6, "MB/s"});
  figures.push_back({"faults found", static_cast<double>(report->problem_count), "", at_most(0)});
  return figures;
}

}  // namespace

Row journal() {
  return {.name = "journal",
          .summary = "the journal alone: check, append, reopen, verify",
          .target = "",
          .settings = {{"batches", 3'000, "of one probe"}, {"windows", 40, "a batch"}},
          .run = &run};
}

}  // namespace gnomon::bench
