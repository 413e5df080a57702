#include "server/applier.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "core/log.h"
#include "journal/journal.h"
#include "server/applied_batch.h"
#include "server/recent_batches.h"
#include "store/store.h"

namespace gnomon::server {

namespace {

std::int64_t to_unix_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time.since_epoch).count();
}

}  // namespace

struct RangeReader::State {
  const journal::Journal& journal;
  journal::Journal::Reader reader;
  ApplierOptions options;
  std::vector<ReadBatch> range;
  std::uint64_t from = 0;  // records [from, up_to) are at hand
  std::uint64_t up_to = 0;
  std::int64_t received_unix_ms = 0;
  std::uint64_t unreadable = 0;
  bool is_full = false;  // a limit ended the range, not the end of the journal

  Status fill();
  // The next record's batch into the range; false at the end of what is durable. Counts it where it can't be read.
  Result<bool> read_next(std::size_t& bytes, std::size_t& windows);
  Result<bool> read_from_disk(std::size_t& bytes, std::size_t& windows);
  void take(ReadBatch batch, std::size_t& windows);
};

// Reads on to the limits of a range or the end of what is durable.
Status RangeReader::State::fill() {
  std::size_t bytes = 0;
  std::size_t windows = 0;
  is_full = false;
  while (up_to - from < options.most_records && bytes < options.most_bytes && windows < options.most_windows) {
    const auto more = read_next(bytes, windows);
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
  }
  is_full = true;
  return {};
}

void RangeReader::State::take(ReadBatch batch, std::size_t& windows) {
  windows += batch.weight();
  range.push_back(std::move(batch));
}

Result<bool> RangeReader::State::read_next(std::size_t& bytes, std::size_t& windows) {
  if (options.recent == nullptr) return read_from_disk(bytes, windows);
  const auto durable = options.recent->take(up_to);
  if (!durable) return read_from_disk(bytes, windows);
  ReadBatch batch(*durable);
  if (up_to == from) received_unix_ms = to_unix_ms(batch.received());
  bytes += batch.bytes();
  ++up_to;
  take(std::move(batch), windows);
  return true;
}

Result<bool> RangeReader::State::read_from_disk(std::size_t& bytes, std::size_t& windows) {
  if (reader.position() != up_to) {  // what lies between came from memory
    auto again = journal.read(up_to);
    if (!again) return tl::unexpected(again.error());
    reader = std::move(*again);
  }
  auto entry = reader.next();
  if (!entry) return tl::unexpected(entry.error());
  if (!*entry) return false;
  if (up_to == from) received_unix_ms = (*entry)->received_unix_ms;
  bytes += (*entry)->signed_batch.size();
  up_to = (*entry)->record + 1;
  auto batch = ReadBatch::read(**entry);
  if (batch) {
    take(std::move(*batch), windows);
  } else {
    ++unreadable;
    log::error("applier: journal record {} holds no batch: {} at {}; `gnomon verify DIR` tells more", (*entry)->record,
               batch.error().reason, batch.error().offset);
  }
  return true;
}

Result<RangeReader> RangeReader::open(const journal::Journal& journal, std::uint64_t from,
                                      const ApplierOptions& options) {
  if (journal.durable_records() < from) {
    return failure(
        ErrorCode::kCorrupt, "apply journal", "store",
        fmt::format("its tables hold {} journal records, the journal only {}", from, journal.durable_records()),
        "run `gnomon rebuild DIR` to remake the tables from this journal");
  }
  auto reader = journal.read(from);
  if (!reader) return tl::unexpected(reader.error());
  return RangeReader(
      std::unique_ptr<State>(new State{journal, std::move(*reader), options, {}, from, from, 0, 0, false}));
}

RangeReader::RangeReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
RangeReader::RangeReader(RangeReader&&) noexcept = default;
RangeReader::~RangeReader() = default;

Result<std::uint64_t> RangeReader::apply_next(store::Store& store) {
  if (state_->up_to == state_->from) {
    if (auto status = state_->fill(); !status) return tl::unexpected(status.error());
    if (state_->up_to == state_->from) return 0;
  }
  std::vector<store::AppliedBatch> batches;
  batches.reserve(state_->range.size());
  for (const ReadBatch& batch : state_->range) batches.push_back(batch.applied());
  if (auto status = store.apply(batches, {state_->from}, {state_->up_to}); !status) {
    return tl::unexpected(status.error());
  }
  const std::uint64_t applied = state_->up_to - state_->from;
  state_->from = state_->up_to;
  state_->range.clear();
  return applied;
}

std::int64_t RangeReader::received_unix_ms() const {
  return state_->received_unix_ms;
}
bool RangeReader::was_full() const {
  return state_->is_full;
}
std::uint64_t RangeReader::unreadable() const {
  return state_->unreadable;
}

Status apply_all(const journal::Journal& journal, store::Store& store,
                 const std::function<void(std::uint64_t)>& progress, const ApplierOptions& options) {
  auto reader = RangeReader::open(journal, store.position().records, options);
  if (!reader) return tl::unexpected(reader.error());
  while (true) {
    const auto applied = reader->apply_next(store);
    if (!applied) return tl::unexpected(applied.error());
    if (*applied == 0) return {};
    if (progress) progress(store.position().records);
  }
}

ApplyLoop::ApplyLoop(const journal::Journal& journal, store::Store& store, const Clock& clock,
                     const ApplierOptions& options, RangeReader reader)
    : journal_(journal), store_(store), clock_(clock), options_(options), reader_(std::move(reader)) {}

Result<std::unique_ptr<ApplyLoop>> ApplyLoop::open(const journal::Journal& journal, store::Store& store,
                                                   const Clock& clock, const ApplierOptions& options) {
  auto reader = RangeReader::open(journal, store.position().records, options);
  if (!reader) return tl::unexpected(reader.error());
  return std::unique_ptr<ApplyLoop>(new ApplyLoop(journal, store, clock, options, std::move(*reader)));
}

ApplierFigures ApplyLoop::figures() const {
  const std::lock_guard lock(mutex_);
  ApplierFigures figures = figures_;
  const std::uint64_t applied = store_.position().records;
  const std::uint64_t durable = journal_.durable_records();  // after the other, which it is never behind
  figures.lag_records = durable > applied ? durable - applied : 0;
  if (figures.lag_records > 0 && waiting_since_ms_ > 0) {
    figures.lag = clock_.wall() - WallTime{std::chrono::milliseconds(waiting_since_ms_)};
  }
  return figures;
}

ApplyLoop::Rest ApplyLoop::step() {
  if (!retention_done_ || clock_.now() - *retention_done_ >= options_.retention_every) enforce_retention();
  const auto applied = reader_.apply_next(store_);
  note(applied);
  if (!applied) {
    const Rest rest{next_pause_, false};
    next_pause_ = std::min(2 * next_pause_, options_.longest_pause);
    return rest;
  }
  next_pause_ = kFirstPause;
  if (reader_.was_full()) return {};  // behind: more is there already
  return {options_.gather, *applied == 0};
}

void ApplyLoop::catch_up() {
  const MonotonicTime end = clock_.now() + options_.catch_up;
  const std::uint64_t before = store_.windows_stored();
  while (clock_.now() < end && store_.windows_stored() - before < options_.catch_up_windows) {
    const auto applied = reader_.apply_next(store_);
    note(applied);
    if (!applied || *applied == 0) return;
  }
}

void ApplyLoop::note(const Result<std::uint64_t>& applied) {
  const std::lock_guard lock(mutex_);
  figures_.unreadable = reader_.unreadable();
  if (applied) {
    if (!figures_.last_failure.empty()) log::info("applier: the store takes records again");
    figures_.last_failure.clear();
    waiting_since_ms_ = *applied > 0 ? reader_.received_unix_ms() : 0;
    return;
  }
  ++figures_.failures;
  waiting_since_ms_ = reader_.received_unix_ms();
  const std::string message = applied.error().message();
  if (figures_.last_failure != message) log::error("applier: {}; trying again, the journal keeps everything", message);
  figures_.last_failure = message;
}

void ApplyLoop::enforce_retention() {
  retention_done_ = clock_.now();
  const auto status = store_.enforce_retention(clock_.wall());
  if (!status) log::error("applier: {}", status.error().message());
}

// The loop's thread, and how it rests.
class Applier::Impl {
 public:
  Impl(const journal::Journal& journal, store::Store& store, std::unique_ptr<ApplyLoop> loop)
      : journal_(journal), store_(store), loop_(std::move(loop)) {
    thread_ = std::thread([this] { run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  [[nodiscard]] ApplierFigures figures() const { return loop_->figures(); }

 private:
  void run() {
    while (!is_stopping()) {
      const ApplyLoop::Rest rest = loop_->step();
      if (rest.until_more) {
        journal_.wait_for_more_than(store_.position().records, rest.at_most);
      } else {
        pause(rest.at_most);
      }
    }
    loop_->catch_up();
  }

  void pause(std::chrono::milliseconds length) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, length, [&] { return stopping_; });
  }
  bool is_stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
  }

  const journal::Journal& journal_;
  store::Store& store_;
  std::unique_ptr<ApplyLoop> loop_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

Applier::Applier(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Applier::~Applier() = default;

Result<std::unique_ptr<Applier>> Applier::start(const journal::Journal& journal, store::Store& store,
                                                const Clock& clock, const ApplierOptions& options) {
  auto loop = ApplyLoop::open(journal, store, clock, options);
  if (!loop) return tl::unexpected(loop.error());
  return std::unique_ptr<Applier>(new Applier(std::make_unique<Impl>(journal, store, std::move(*loop))));
}

ApplierFigures Applier::figures() const {
  return impl_->figures();
}

}  // namespace gnomon::server
