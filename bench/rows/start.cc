// links: journal schema
// How long a server takes to start with a long journal: after a clean stop, and after `kill -9` at moments drawn from a
// seed. The journal is filled through its own interface with batches of real shape; the tables catch up meanwhile, as
// far as they come.

#include <chrono>
#include <mutex>
#include <thread>

#include "bench/load/load_fleet.h"
#include "bench/load/server_process.h"
#include "bench/row.h"
#include "core/random.h"
#include "journal/journal.h"
#include "schema/batch_codec.h"

namespace gnomon::bench {

namespace {

using std::chrono::seconds;
constexpr std::size_t kPaths = 300;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Appends batches until the journal has so many bytes.
Status fill(const std::filesystem::path& data, double bytes, std::size_t probes) {
  const auto key = crypto::PrivateKey::load_or_create(data / "keys" / "observatory.pem");
  if (!key) return tl::unexpected(key.error());
  const SystemClock clock;
  auto journal = journal::Journal::open(segment::real_file_system(), data, *key, clock);
  if (!journal) return tl::unexpected(journal.error());
  LoadFleet fleet(probes, kPaths, 1);
  // So that the last windows are of now.
  constexpr double kBytesAWindow = 57;
  const auto rounds = static_cast<std::int64_t>(bytes / kBytesAWindow / static_cast<double>(kPaths * probes)) + 1;
  const WallTime begin = clock.wall() - rounds * seconds(10);
  std::mutex mutex;
  Status failed;
  for (std::size_t i = 0; static_cast<double>((*journal)->status().log.bytes) < bytes; ++i) {
    const WallTime start = begin + static_cast<std::int64_t>(i / probes) * seconds(10);
    const std::string request = fleet.next_request(i % probes, start);
    const auto parts = schema::split_ingest_request(std::as_bytes(std::span(request)));
    if (!parts) return failure(ErrorCode::kCorrupt, "fill journal", "", std::string(parts.error().reason));
    const auto batch = schema::read_signed_batch(parts->front(), false);
    if (!batch) return failure(ErrorCode::kCorrupt, "fill journal", "", std::string(batch.error().reason));
    const auto done = [&](const auto& outcome) {
      const std::lock_guard lock(mutex);
      if (!outcome && failed) failed = tl::unexpected(outcome.error());
    };
    while (true) {
      const Status queued = (*journal)->append(*batch, parts->front(), done);
      if (queued) break;
      if (queued.error().code != ErrorCode::kUnavailable) return queued;
      (void)(*journal)->wait_for_more_than((*journal)->durable_records(), seconds(1));
    }
  }
  journal->reset();  // after it nobody calls `done`
  return failed;
}

Result<Figures> run(const RunOptions& options) {
  auto server = ServerProcess::start(options.programs, options.scratch);
  if (!server) return tl::unexpected(server.error());
  (*server)->end();
  const double gigabytes = options.setting("gigabytes");
  const double begin = now();
  const auto probes = static_cast<std::size_t>(options.setting("probes"));
  if (Status filled = fill((*server)->data(), 1e9 * gigabytes, probes); !filled) return tl::unexpected(filled.error());
  Figures figures = {{"journal", gigabytes, "GB"}, {"filled in", now() - begin, "s"}};
  const auto start = [&](bool hard) -> Result<double> {
    const double before = now();
    if (Status started = (*server)->restart(hard); !started) return tl::unexpected(started.error());
    return now() - before;
  };
  const auto clean = start(false);
  if (!clean) return tl::unexpected(clean.error());
  figures.push_back({"start, first, nothing in the tables", *clean, "s", at_most(5)});
  SeededRandom random(static_cast<std::uint64_t>(options.setting("seed")));
  double slowest = 0;
  const auto kills = static_cast<int>(options.setting("kills"));
  for (int i = 0; i < kills; ++i) {
    std::this_thread::sleep_for(std::chrono::duration<double>(random.uniform() * options.setting("apart")));
    const auto took = start(true);
    if (!took) return tl::unexpected(took.error());
    slowest = std::max(slowest, *took);
  }
  figures.push_back({fmt::format("start after kill -9, slowest of {}", kills), slowest, "s", at_most(5)});
  return figures;
}

}  // namespace

Row start() {
  return {.name = "start",
          .summary = "start of a server with a long journal, after a stop and after kill -9",
          .target = "<= 5 s with 10 GB",
          .settings = {{"gigabytes", 1, "of journal; 10 is what the target means"},
                       {"probes", 1'000, "that sent it, 300 paths each"},
                       {"kills", 5, "of the server"},
                       {"apart", 20, "seconds between them, at most"},
                       {"seed", 1, "of the moments"}},
          .in_short_form = false,
          .run = &run};
}

}  // namespace gnomon::bench
