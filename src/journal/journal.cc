#include "journal/journal.h"

#include <future>

#include "core/log.h"
#include "journal/journal_state.h"
#include "journal/record_codec.h"

namespace gnomon::journal {

namespace {

LedgerEntry entry_of(const schema::VerifiedBatch& batch, std::int64_t received_unix_ms) {
  const schema::BatchHead& head = batch.head();
  return {0,
          head.probe,
          head.sequence,
          head.first_unix_ms,
          head.last_unix_ms,
          received_unix_ms,
          head.windows,
          batch.digest()};
}

}  // namespace

Journal::Journal(std::unique_ptr<State> state) : state_(std::move(state)) {
  if (state_->options.background) state_->thread = std::thread([s = state_.get()] { s->run(); });
}

Journal::~Journal() {
  state_->log->drain();
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  if (auto published = state_->publish(); !published) log::error("{}", published.error().message());
  if (auto written = state_->write_index(); !written) log::warning("{}", written.error().message());
  state_->log.reset();  // before what its callbacks use
}

Status Journal::append(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_batch, Done done) {
  const State::BatchKey key{batch.head().probe, batch.head().sequence};
  std::optional<Done> known;  // answered without the lock
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->index.contains(key.first, key.second)) {
      ++state_->duplicates;
      known = std::move(done);
    } else {
      auto& waiting = state_->under_way[key];
      waiting.push_back(std::move(done));
      if (waiting.size() > 1) {
        ++state_->duplicates;
        return {};
      }
    }
  }
  if (known) {
    (*known)(Appended{AppendOutcome::kDuplicate, std::nullopt, 0});
    return {};
  }
  const auto received = std::chrono::floor<std::chrono::milliseconds>(state_->clock->wall().since_epoch).count();
  auto queued = state_->log->append(encode_record(received, signed_batch),
                                    [s = state_.get(), head = batch.head(), entry = entry_of(batch, received)](
                                        Result<std::uint64_t> record) { s->committed(head, entry, record); });
  if (queued) return {};
  std::vector<Done> waiting;
  {
    const std::lock_guard lock(state_->mutex);
    waiting = std::move(state_->under_way[key]);
    state_->under_way.erase(key);
  }
  // The first is this call's own and learns it from the return value.
  for (std::size_t i = 1; i < waiting.size(); ++i) waiting[i](tl::unexpected(queued.error()));
  return queued;
}

Result<Appended> Journal::append_and_wait(const schema::VerifiedBatch& batch, std::span<const std::byte> signed_batch) {
  auto promise = std::make_shared<std::promise<Result<Appended>>>();
  auto future = promise->get_future();
  auto queued = append(batch, signed_batch, [promise](Result<Appended> r) { promise->set_value(std::move(r)); });
  if (!queued) return tl::unexpected(queued.error());
  return future.get();
}

bool Journal::contains(const ProbeId& probe, std::uint64_t sequence) const {
  const std::lock_guard lock(state_->mutex);
  return state_->index.contains(probe, sequence);
}

std::uint64_t Journal::highest_sequence(const ProbeId& probe) const {
  const std::lock_guard lock(state_->mutex);
  return state_->index.highest(probe);
}

std::uint64_t Journal::durable_records() const {
  return state_->log->durable_records();
}

bool Journal::wait_for_more_than(std::uint64_t records, std::chrono::milliseconds at_most) const {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, at_most, [&] { return state_->applied > records || state_->stopping; }) &&
         state_->applied > records;
}

Result<Journal::Reader> Journal::read(std::uint64_t from_record) const {
  auto reader = state_->log->read(from_record);
  if (!reader) return tl::unexpected(reader.error());
  return Reader(*std::move(reader));
}

Result<std::optional<JournalEntry>> Journal::Reader::next() {
  const auto stored = reader_.next();
  if (!stored) return tl::unexpected(stored.error());
  if (!*stored) return std::optional<JournalEntry>();
  auto record = decode_record((*stored)->payload);
  if (!record) {
    return failure(ErrorCode::kCorrupt, "read journal", std::string((*stored)->path),
                   fmt::format("record {} at byte {}: {}", (*stored)->record, (*stored)->offset, record.error().reason),
                   "run gnomon verify, and restore the file from a copy");
  }
  return JournalEntry{(*stored)->record, record->received_unix_ms, std::move(record->signed_batch),
                      (*stored)->payload.size()};
}

Status Journal::publish() {
  return state_->publish();
}
Status Journal::maintain() {
  return state_->maintain();
}
bool Journal::commit_next() {
  return state_->log->commit_next();
}
const Ledger& Journal::ledger() const {
  return *state_->ledger;
}

JournalStatus Journal::status() const {
  JournalStatus status;
  status.log = state_->log->status();
  status.ledger = state_->ledger->status();
  status.scanned_on_open = state_->scanned;
  const std::lock_guard lock(state_->mutex);
  status.probes = state_->index.probes();
  status.duplicates = state_->duplicates;
  return status;
}

void Journal::State::committed(const schema::BatchHead& head, LedgerEntry entry, const Result<std::uint64_t>& record) {
  std::vector<Done> waiting;
  {
    const std::lock_guard guard(mutex);
    const auto found = under_way.find({head.probe, head.sequence});
    waiting = std::move(found->second);
    under_way.erase(found);
    if (record) {
      index.insert(head.probe, head.sequence);
      applied = *record + 1;
    }
  }
  if (record) {
    entry.record = *record;
    ledger->offer(entry);
    changed.notify_all();
  }
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    if (!record)
      waiting[i](tl::unexpected(record.error()));
    else
      waiting[i](
          Appended{i == 0 ? AppendOutcome::kStored : AppendOutcome::kDuplicate, *record, entry.received_unix_ms});
  }
}

Status Journal::State::publish() {
  const std::lock_guard one(publish_mutex);
  return ledger->publish(log->durable_records());
}

Status Journal::State::maintain() {
  bool wants_index = false;
  {
    const std::lock_guard guard(mutex);
    wants_index = applied >= indexed + options.index_every_records;
  }
  auto done = publish();
  if (done && wants_index) done = write_index();
  return done;
}

Status Journal::State::write_index() {
  const segment::LogPosition position = log->durable_position();
  std::string bytes;
  {
    std::unique_lock guard(mutex);
    // The log tells a record's callback a moment after the record counts as durable.
    changed.wait(guard, [&] { return applied >= position.record; });
    if (indexed == position.record && indexed != 0) return {};
    bytes = index.encode(position);
  }
  if (auto put = files.replace_file(journal_folder + "/index", bytes); !put) return put;
  const std::lock_guard guard(mutex);
  indexed = position.record;
  return {};
}

void Journal::State::run() {
  bool was_failing = false;
  std::unique_lock guard(mutex);
  while (!stopping) {
    const std::uint64_t published = ledger->status().size;
    changed.wait(guard, [&] { return stopping || applied > published; });
    // Gathers what comes meanwhile, so that a busy journal signs twice a second, not for every batch.
    changed.wait_for(guard, options.checkpoint_interval, [this] { return stopping; });
    guard.unlock();
    const auto done = maintain();
    if (!done && !was_failing) gnomon::log::error("{}", done.error().message());
    was_failing = !done;
    guard.lock();
  }
}

}  // namespace gnomon::journal
