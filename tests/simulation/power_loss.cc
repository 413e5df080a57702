#include "simulation/power_loss.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <set>

#include "core/random.h"
#include "journal/batch_for_test.h"
#include "journal/journal.h"
#include "journal/note.h"
#include "journal/verify.h"
#include "schema/batch_codec.h"
#include "segment/memory_file_system.h"

namespace gnomon::simulation {

namespace {

using journal::Journal;
using segment::Loss;
using segment::MemoryFileSystem;

constexpr const char* kFolder = "/data";
constexpr std::size_t kFaultsTold = 100;

struct Batch {
  std::string bytes;
  schema::VerifiedBatch read;
};

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class Script {
 public:
  explicit Script(const PowerLossOptions& options)
      : options_(options),
        random_(options.seed),
        key_(crypto::PrivateKey::from_seed(std::vector(32, std::byte{9})).value()) {
    journal_options_.log.segment_bytes = 6'000;
    journal_options_.log.group_bytes = 1'200;
    journal_options_.log.background = false;
    journal_options_.background = false;
    journal_options_.lock_folder = false;
    journal_options_.index_every_records = 25;
    make_batches();
  }

  Result<PowerLossReport> run() {
    files_.before_operation([this] { lose_power(files_, 0); });
    for (std::size_t next = 0; next < batches_.size();) {
      // Ended and started again now and then; the last part runs in one piece.
      const std::size_t until = next < batches_.size() / 2 ? next + batches_.size() / 5 : batches_.size();
      if (auto part = run_part(next, std::min(until, batches_.size())); !part) return tl::unexpected(part.error());
    }
    report_.operations = files_.operations();
    return report_;
  }

 private:
  void make_batches() {
    const std::array probes{journal::ProbeForTest(1), journal::ProbeForTest(2), journal::ProbeForTest(3)};
    for (std::size_t i = 0; i < options_.batches; ++i) {
      std::string bytes = probes[i % probes.size()].batch(1 + i / probes.size());
      auto read = schema::read_signed_batch(bytes_of(bytes));
      batches_.push_back({std::move(bytes), *std::move(read)});
    }
  }

  Result<std::unique_ptr<Journal>> open(MemoryFileSystem& files) {
    return Journal::open(files, kFolder, key_, clock_, journal_options_);
  }

  // Appends a batch; `when_stored` hears of it as a probe would.
  Status append(Journal& journal, std::size_t i, const std::function<void()>& when_stored) {
    clock_.advance(std::chrono::milliseconds(700));
    return journal.append(batches_[i].read, bytes_of(batches_[i].bytes),
                          [when_stored](const Result<journal::Appended>& r) {
                            if (r) when_stored();
                          });
  }

  Status run_part(std::size_t& next, std::size_t until) {
    auto journal = open(files_);
    if (!journal) return tl::unexpected(journal.error());
    for (int round = 0; next < until; ++round) {
      const std::size_t group = std::min<std::size_t>(until - next, 1 + random_.next() % 5);
      for (std::size_t i = 0; i < group; ++i, ++next) {
        if (auto queued = append(**journal, next, [this] { ++acknowledged_; }); !queued) return queued;
      }
      while ((*journal)->commit_next()) {
      }
      if (round % 3 != 2) continue;
      if (auto done = (*journal)->maintain(); !done) return done;
      ++report_.checkpoints;
      note_root(**journal);
    }
    const auto status = (*journal)->status();
    report_.segments = status.log.segments.size();
    journal->reset();  // signs a last time
    const auto note = files_.read_file(std::string(kFolder) + "/ledger/checkpoint");
    if (note) remember(*note);
    return {};
  }

  void note_root(const Journal& journal) {
    if (const auto note = journal.ledger().resource("checkpoint")) remember(*note);
  }
  // A tree that was signed; there may be no other of its size.
  void remember(const std::string& note) {
    const auto parts = journal::split_note(note);
    const auto tree = parts ? journal::parse_checkpoint_text(parts->text) : tl::unexpected(parts.error());
    if (tree) signed_[tree->size] = tree->root;
  }

  void lose_power(const MemoryFileSystem& files, std::uint64_t depth) {
    for (const Loss loss : {Loss::kNothing, Loss::kAll, Loss::kTail, Loss::kSome, Loss::kTorn}) {
      const bool by_chance = loss != Loss::kNothing && loss != Loss::kAll;
      for (std::uint64_t i = 0; i < (by_chance ? options_.variants : 1); ++i) {
        auto image = files.clone();
        image->restart(loss, random_);
        ++report_.images;
        if (depth > 0) ++report_.nested;
        examine(*image, loss, depth);
      }
    }
  }

  void fault(Loss loss, const std::string& what) {
    ++report_.fault_count;
    if (report_.faults.size() >= kFaultsTold) return;
    report_.faults.push_back(fmt::format("before operation {} of the script, loss of kind {}: {}", files_.operations(),
                                         static_cast<int>(loss), what));
  }

  void examine(MemoryFileSystem& image, Loss loss, std::uint64_t depth) {
    check_ledger(image, loss, "as it lies");
    if (depth == 0 && report_.images % options_.nested_every == 0) {
      image.before_operation([this, &image] { lose_power(image, 1); });
    }
    auto journal = open(image);
    image.before_operation(nullptr);
    if (!journal) return fault(loss, journal.error().message());
    report_.bytes_cut += (*journal)->status().log.torn_bytes_cut;
    if (!check_records(**journal, loss, acknowledged_)) return;
    // Life goes on: everything is sent again, with a little more.
    const std::size_t until = std::min(batches_.size(), acknowledged_ + 12);
    std::size_t answered = 0;
    for (std::size_t i = 0; i < until; ++i) {
      if (auto queued = append(**journal, i, [&] { ++answered; }); !queued)
        return fault(loss, queued.error().message());
      if (i % 3 == 2) (*journal)->commit_next();
    }
    while ((*journal)->commit_next()) {
    }
    if (answered != until) fault(loss, fmt::format("{} of {} batches were answered", answered, until));
    if (auto done = (*journal)->maintain(); !done) fault(loss, done.error().message());
    check_records(**journal, loss, until);
    check_extends(**journal, loss);
    journal->reset();
    check_ledger(image, loss, "at the end");
    if (report_.images % 64 == 0) check_folder(image, loss);
  }

  // All promised batches, in their order, with their bytes, and nothing twice.
  bool check_records(Journal& journal, Loss loss, std::size_t at_least) {
    auto reader = journal.read(0);
    if (!reader) {
      fault(loss, reader.error().message());
      return false;
    }
    std::size_t i = 0;
    for (;; ++i) {
      const auto entry = reader->next();
      if (!entry) {
        fault(loss, entry.error().message());
        return false;
      }
      if (!*entry) break;
      if (i >= batches_.size() || (*entry)->signed_batch != batches_[i].bytes) {
        fault(loss, fmt::format("record {} is not the batch that was appended there", i));
        return false;
      }
    }
    if (i < at_least) fault(loss, fmt::format("{} batches are left of {} that were acknowledged", i, at_least));
    return i >= at_least;
  }

  void check_ledger(MemoryFileSystem& image, Loss loss, std::string_view when) {
    const auto resource = [&](const std::string& path) {
      return image.read_file(fmt::format("{}/ledger/{}", kFolder, path));
    };
    const auto note = resource("checkpoint");
    if (!note) return;  // the first was not signed yet
    const auto report = journal::verify_ledger(resource);
    if (!report) return fault(loss, report.error().message());
    if (report->problem_count > 0) {
      fault(loss, fmt::format("{}: {}: {}", when, report->problems.front().file, report->problems.front().reason));
    }
    const auto known = signed_.find(report->ledger_size);
    if (known != signed_.end() && known->second != report->root) {
      fault(loss, fmt::format("{}: two trees of {} batches were signed", when, report->ledger_size));
    }
  }

  // The tree now grows out of the last one that the script had signed before the loss.
  void check_extends(const Journal& journal, Loss loss) {
    const journal::LedgerStatus now = journal.ledger().status();
    if (signed_.empty() || signed_.rbegin()->first == 0) return;
    const auto& [size, root] = *signed_.rbegin();
    const auto proof = journal.ledger().prove_consistency(size, now.size);
    if (!proof) return fault(loss, proof.error().message());
    if (!journal::verify_consistency(size, now.size, *proof, root, now.root)) {
      fault(loss, fmt::format("the tree of {} batches does not extend the signed one of {}", now.size, size));
    }
  }

  void check_folder(MemoryFileSystem& image, Loss loss) {
    const auto report = journal::verify_folder(image, kFolder);
    if (!report) return fault(loss, report.error().message());
    if (report->problem_count == 0) return;
    fault(loss, fmt::format("verify: {}: {}", report->problems.front().file, report->problems.front().reason));
  }

  const PowerLossOptions options_;
  SeededRandom random_;
  ManualClock clock_;
  const crypto::PrivateKey key_;
  journal::JournalOptions journal_options_;
  std::vector<Batch> batches_;
  MemoryFileSystem files_;
  std::size_t acknowledged_ = 0;
  std::map<std::uint64_t, journal::Digest> signed_;  // by the uninterrupted run
  PowerLossReport report_;
};

}  // namespace

Result<PowerLossReport> power_loss(const PowerLossOptions& options) {
  return Script(options).run();
}

}  // namespace gnomon::simulation
