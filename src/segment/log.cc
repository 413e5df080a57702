#include "segment/log.h"

#include <algorithm>
#include <future>

#include "core/log.h"
#include "segment/log_state.h"
#include "segment/recovery.h"

namespace gnomon::segment {

Log::Log(std::unique_ptr<State> state) : state_(std::move(state)) {
  if (state_->options.background) state_->thread = std::thread([s = state_.get()] { s->run(); });
}

Log::~Log() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->wake.notify_all();
  if (state_->thread.joinable()) state_->thread.join();
  while (state_->commit_next()) {
  }
}

Result<std::unique_ptr<Log>> Log::open(FileSystem& files, const std::string& folder, const LogOptions& options,
                                       const LogPosition& known_good, const Visit& visit) {
  if (auto made = files.create_folders(folder); !made) return tl::unexpected(made.error());
  auto recovered = recover(files, folder, known_good, visit);
  if (!recovered) return tl::unexpected(recovered.error());
  if (recovered->torn_bytes > 0) {
    log::warning("{}: cut {} bytes of a torn tail; nothing acknowledged was in them", folder, recovered->torn_bytes);
  }
  auto state = std::make_unique<State>(files, folder, options);
  state->next_record = recovered->next_record;
  state->segments = std::move(recovered->segments);
  state->torn_bytes = recovered->torn_bytes;
  if (!state->segments.empty()) {
    const SegmentStatus& newest = state->segments.back();
    if (auto resumed = state->writer.resume(newest, newest.bytes > kHeaderBytes); !resumed) {
      return tl::unexpected(resumed.error());
    }
  }
  return std::unique_ptr<Log>(new Log(std::move(state)));
}

Status Log::append(std::string payload, Done done) {
  if (payload.empty() || payload.size() > kMaximumRecordBytes) {
    return failure(ErrorCode::kInvalidArgument, "append to", state_->folder,
                   fmt::format("a record has 1 to {} bytes, this one {}", kMaximumRecordBytes, payload.size()));
  }
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopping) return failure(ErrorCode::kUnavailable, "append to", state_->folder, "it is closing");
    if (!state_->queue.empty() && state_->queued_bytes + payload.size() > state_->options.queue_bytes) {
      return failure(ErrorCode::kUnavailable, "append to", state_->folder, "the queue to the disk is full",
                     "try again in a second");
    }
    state_->queued_bytes += payload.size();
    state_->queue.push_back({std::move(payload), std::move(done)});
    // A thread that gathers a group is told of its first record and when it is whole, not of each.
    if (state_->queue.size() > 1 && state_->queued_bytes < state_->options.group_bytes) return {};
  }
  state_->wake.notify_one();
  return {};
}

Result<std::uint64_t> Log::append_and_wait(std::string payload) {
  auto promise = std::make_shared<std::promise<Result<std::uint64_t>>>();
  auto future = promise->get_future();
  auto queued = append(std::move(payload), [promise](Result<std::uint64_t> r) { promise->set_value(std::move(r)); });
  if (!queued) return tl::unexpected(queued.error());
  return future.get();
}

void Log::drain() {
  if (!state_->options.background) {
    while (commit_next()) {
    }
    return;
  }
  std::unique_lock lock(state_->mutex);
  ++state_->hurried;
  state_->wake.notify_one();
  state_->quiet.wait(lock, [this] { return state_->queue.empty() && !state_->writing; });
  --state_->hurried;
}

bool Log::commit_next() {
  return state_->commit_next();
}

LogStatus Log::status() const {
  const std::lock_guard lock(state_->mutex);
  LogStatus status;
  status.segments = state_->segments;
  for (const SegmentStatus& segment : status.segments) status.bytes += segment.bytes;
  status.first_record = status.segments.empty() ? 0 : status.segments.front().base_record;
  status.durable_records = state_->next_record;
  status.torn_bytes_cut = state_->torn_bytes;
  status.groups = state_->groups;
  status.refusing = state_->refusing;
  return status;
}

std::uint64_t Log::durable_records() const {
  const std::lock_guard lock(state_->mutex);
  return state_->next_record;
}

LogPosition Log::durable_position() const {
  const std::lock_guard lock(state_->mutex);
  if (state_->segments.empty()) return {};
  return {state_->next_record, state_->segments.back().base_record, state_->segments.back().bytes};
}

Result<std::uint64_t> Log::remove_before(std::uint64_t record) {
  const std::lock_guard lock(state_->mutex);
  std::uint64_t freed = 0;
  while (state_->segments.size() > 1 && state_->segments[1].base_record <= record) {
    if (auto removed = state_->files.remove(state_->segments.front().path); !removed) {
      return tl::unexpected(removed.error());
    }
    freed += state_->segments.front().bytes;
    state_->segments.erase(state_->segments.begin());
  }
  if (freed > 0) {
    if (auto synced = state_->files.sync_directory(state_->folder); !synced) return tl::unexpected(synced.error());
  }
  return freed;
}

void Log::State::run() {
  auto next_group = std::chrono::steady_clock::now();  // begins then, or as soon as it is whole
  while (true) {
    {
      std::unique_lock lock(mutex);
      wake.wait(lock, [this] { return stopping || !queue.empty(); });
      wake.wait_until(lock, next_group, [this] { return stopping || hurried || queued_bytes >= options.group_bytes; });
    }
    const auto begun = std::chrono::steady_clock::now();
    if (!commit_next()) return;  // nothing waits: stopping
    next_group = shared_group ? begun + options.group_interval : begun;
  }
}

bool Log::State::commit_next() {
  std::unique_lock lock(mutex);
  if (queue.empty()) return false;
  auto group = take_group();
  shared_group = group.size() > 1;
  writing = true;
  lock.unlock();
  commit(std::move(group));
  lock.lock();
  writing = false;
  if (queue.empty()) quiet.notify_all();
  return true;
}

std::deque<Log::State::Waiting> Log::State::take_group() {
  std::deque<Waiting> group;
  std::uint64_t bytes = 0;
  while (!queue.empty() && (group.empty() || bytes + queue.front().payload.size() <= options.group_bytes)) {
    bytes += queue.front().payload.size();
    group.push_back(std::move(queue.front()));
    queue.pop_front();
  }
  queued_bytes -= bytes;
  return group;
}

void Log::State::commit(std::deque<Waiting> group) {
  std::string bytes;
  for (const Waiting& one : group) encode_record(bytes, std::as_bytes(std::span(one.payload)), bytes.empty());
  // Only this thread changes next_record.
  const std::uint64_t first = next_record;
  const auto committed = writer.commit(first, std::as_bytes(std::span(bytes)));
  {
    const std::lock_guard lock(mutex);
    refusing = committed ? std::nullopt : std::optional(committed.error());
    if (committed) {
      const SegmentStatus& now = writer.segment();
      if (segments.empty() || segments.back().base_record != now.base_record) segments.push_back(now);
      segments.back().bytes = now.bytes;
      next_record += group.size();
      ++groups;
    }
  }
  std::uint64_t record = first;
  for (Waiting& one : group) {
    if (!one.done) continue;
    if (committed)
      one.done(record++);
    else
      one.done(tl::unexpected(committed.error()));
  }
}

}  // namespace gnomon::segment
