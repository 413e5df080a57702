// links: journal
#include "bench/recording.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "crypto/ed25519.h"

extern char** environ;  // NOLINT

namespace gnomon::bench {

namespace {

namespace fs = std::filesystem;

// Runs `gnomon up --lab delta` on `folder` for some seconds and lets it end by itself.
Status run_lab(const fs::path& program, const fs::path& folder, double seconds) {
  const std::string socket = (folder.parent_path() / "lab.sock").string();
  ::setenv("GNOMON_LAB_SOCKET", socket.c_str(), 1);
  std::vector<std::string> words = {program.string(), "up",       "--lab",      "delta", "--no-speed", "--data",
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

std::uint64_t bytes_in(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& file : fs::directory_iterator(folder)) bytes += file.file_size();
  return bytes;
}

}  // namespace

Result<Recording> open_recording(const RunOptions& options, double seconds) {
  fs::path data = options.scratch / "data";
  if (const char* recorded = std::getenv("GNOMON_BENCH_DATA"); recorded != nullptr) {
    data = recorded;
  } else if (auto status = run_lab(options.programs / "gnomon", data, options.seconds.value_or(seconds)); !status) {
    return tl::unexpected(status.error());
  }
  std::error_code fault;
  const fs::path copy = options.scratch / "copy";
  fs::create_directories(copy, fault);
  if (!fault) fs::copy(data / "journal", copy / "journal", fs::copy_options::recursive, fault);
  if (fault) return errno_failure(fault.value(), "copy the journal", (data / "journal").string());
  Recording recording;
  recording.journal_bytes = bytes_in(copy / "journal");
  static const SystemClock clock;
  // A key of this run: the folder's own ledger is not touched.
  auto journal =
      journal::Journal::open(segment::real_file_system(), copy.string(), crypto::PrivateKey::generate(), clock);
  if (!journal) return tl::unexpected(journal.error());
  recording.journal = std::move(*journal);
  return recording;
}

Status each_batch(const journal::Journal& journal,
                  const std::function<Status(std::uint64_t record, const schema::VerifiedBatch& batch)>& visit) {
  auto reader = journal.read(0);
  if (!reader) return tl::unexpected(reader.error());
  for (std::uint64_t record = 0;; ++record) {
    auto entry = reader->next();
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) return {};
    const auto batch = schema::read_journalled_batch(std::as_bytes(std::span((*entry)->signed_batch)));
    if (!batch) return failure(ErrorCode::kCorrupt, "read batch", "journal", std::string(batch.error().reason));
    if (auto status = visit(record, *batch); !status) return status;
  }
}

}  // namespace gnomon::bench
