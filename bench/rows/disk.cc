// links: journal store_duckdb
// What windows take on disk: the lab measures for a while, and its journal is then read into new tables. Beside both
// stands the entropy of the same windows (bench/window_entropy.h).

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "bench/row.h"
#include "bench/window_entropy.h"
#include "crypto/ed25519.h"
#include "gnomon/v1/delay.pb.h"
#include "journal/journal.h"
#include "store/duckdb/duckdb_store.h"

extern char** environ;  // NOLINT

namespace gnomon::bench {

namespace {

namespace fs = std::filesystem;

// Runs `gnomon up --lab delta` on `folder` for some seconds and lets it end by itself.
Status run_lab(const fs::path& program, const fs::path& folder, double seconds) {
  const std::string socket = (folder.parent_path() / "lab.sock").string();
  ::setenv("GNOMON_LAB_SOCKET", socket.c_str(), 1);
  std::vector<std::string> words = {program.string(), "up",       "--lab",      "delta", "--data",
                                    folder.string(),  "--listen", "127.0.0.1:0"};
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t lab = 0;
  if (const int fault = ::posix_spawn(&lab, program.c_str(), nullptr, nullptr, arguments.data(), environ); fault != 0) {
    return errno_failure(fault, "start", program.string());
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  int status = 0;
  while (std::chrono::steady_clock::now() < end) {
    if (::waitpid(lab, &status, WNOHANG) == lab) {
      return failure(ErrorCode::kUnavailable, "run the lab", program.string(), "it ended early",
                     "run `gnomon up --lab delta` by hand to see why");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  ::kill(lab, SIGINT);
  ::waitpid(lab, &status, 0);
  return {};
}

std::uint64_t bytes_of_journal(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& file : fs::directory_iterator(folder)) bytes += file.file_size();
  return bytes;
}

// Every window; those of paths with all four sketches; the same without the fourth, ipdv.
enum class Part { kAll, kFour, kThree };

// The windows of a journal, applied to `store` as the server applies them.
Status apply_journal(const journal::Journal& journal, Part part, store::Store& store, WindowEntropy& entropy) {
  auto reader = journal.read(0);
  if (!reader) return tl::unexpected(reader.error());
  for (std::uint64_t record = 0;;) {
    auto entry = reader->next();
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) return {};
    const auto batch = schema::read_journalled_batch(std::as_bytes(std::span((*entry)->signed_batch)));
    if (!batch) return failure(ErrorCode::kCorrupt, "read batch", "journal", std::string(batch.error().reason));
    const std::vector<store::PathFields> paths = batch->content().paths.all();
    v1::DelayWindows chosen;
    for (std::size_t i = 0; i < batch->columns().size(); ++i) {
      const store::PathFields& path = paths[batch->columns().path_of(i)];
      if (part != Part::kAll && path.method != "stamp") continue;
      schema::DelayWindow window = batch->columns().row(i, batch->base());
      if (part == Part::kThree) window.ipdv.clear();
      entropy.add(path.id, window);
      schema::append(chosen, batch->columns().path_of(i), batch->base(), window);
    }
    auto columns = schema::DelayColumns::view(chosen, paths.size());
    if (!columns) return failure(ErrorCode::kCorrupt, "read batch", "journal", std::string(columns.error().reason));
    store::AppliedBatch applied;
    applied.record = record;
    applied.header.probe = batch->head().probe;
    applied.header.sequence = batch->head().sequence;
    applied.base = batch->base();
    applied.paths = store::PathList(batch->content().paths);
    applied.windows = &*columns;
    if (auto status = store.apply({&applied, 1}, {record}, {record + 1}); !status) return status;
    ++record;
  }
}

struct Size {
  double windows = 0, bytes = 0, entropy = 0;
};

Result<Size> size_in_tables(const journal::Journal& journal, Part part, const fs::path& file) {
  auto store = store::duckdb::open(file);
  if (!store) return tl::unexpected(store.error());
  WindowEntropy entropy;
  if (auto status = apply_journal(journal, part, **store, entropy); !status) return tl::unexpected(status.error());
  if (auto status = (*store)->compact(); !status) return tl::unexpected(status.error());
  const auto use = (*store)->storage();
  if (!use) return tl::unexpected(use.error());
  const store::LevelUse& raw = use->levels[0];
  if (raw.rows == 0) return failure(ErrorCode::kUnavailable, "measure", "journal", "it holds no windows");
  return Size{static_cast<double>(raw.rows), static_cast<double>(raw.bytes) / static_cast<double>(raw.rows),
              entropy.bytes_per_window()};
}

Result<Figures> run_disk(const RunOptions& options) {
  fs::path data = options.scratch / "data";
  if (const char* recorded = std::getenv("GNOMON_BENCH_DATA"); recorded != nullptr) {
    data = recorded;
  } else if (auto status = run_lab(options.programs / "gnomon", data, options.seconds.value_or(120)); !status) {
    return tl::unexpected(status.error());
  }
  // A copy, so that the journal is opened with a key of this run and the recorded folder stays as it is.
  const fs::path copy = options.scratch / "copy";
  fs::create_directories(copy);
  fs::copy(data / "journal", copy / "journal", fs::copy_options::recursive);
  const double stored = static_cast<double>(bytes_of_journal(copy / "journal"));
  const SystemClock clock;
  auto journal =
      journal::Journal::open(segment::real_file_system(), copy.string(), crypto::PrivateKey::generate(), clock);
  if (!journal) return tl::unexpected(journal.error());
  const auto all = size_in_tables(**journal, Part::kAll, options.scratch / "all.duckdb");
  if (!all) return tl::unexpected(all.error());
  const auto four = size_in_tables(**journal, Part::kFour, options.scratch / "four.duckdb");
  if (!four) return tl::unexpected(four.error());
  const auto three = size_in_tables(**journal, Part::kThree, options.scratch / "three.duckdb");
  if (!three) return tl::unexpected(three.error());
  return Figures{
      {"journal, a window of the mix", stored / all->windows, "bytes", at_most(80)},
      {"tables, a window of the mix (half with two sketches, half with four)", all->bytes, "bytes"},
      {"its entropy", all->entropy, "bytes"},
      {"tables / entropy", all->bytes / all->entropy, ""},
      {"tables, a window with three delay sketches (rtt, forward, backward)", three->bytes, "bytes", at_most(50)},
      {"its entropy", three->entropy, "bytes"},
      {"tables / entropy", three->bytes / three->entropy, ""},
      {"tables, a window with four sketches (ipdv besides)", four->bytes, "bytes"},
      {"its entropy", four->entropy, "bytes"},
      {"tables / entropy", four->bytes / four->entropy, ""},
      {"windows of the mix", all->windows, "windows"},
  };
}

}  // namespace

Row disk() {
  Row row;
  row.name = "disk";
  row.summary =
      "what the lab's windows take in journal and tables, beside their entropy; GNOMON_BENCH_DATA=DIR: recorded ones";
  row.target = "≤ 80 bytes a window in the journal, ≤ 50 in the tables";
  row.in_short_form = false;
  row.run = run_disk;
  return row;
}

}  // namespace gnomon::bench
