#include "probe/delivery.h"

#include <algorithm>

namespace gnomon::probe {

Delivery::Delivery(DeliveryLimits limits, Random& random)
    : limits_(std::move(limits)), random_(random), request_bytes_(limits_.request_bytes) {}

Actions Delivery::recovered(std::vector<BatchRecord> records, SpoolNotes notes, MonotonicTime now) {
  Actions actions;
  state_since_ = now;
  next_sequence_ = std::max<std::uint64_t>(notes.next_sequence, 1);
  pending_ = std::move(notes.pending);
  std::vector<DroppedRange> lost = std::move(notes.at_risk);
  const std::vector<DroppedRange> noted = pending_;
  for (BatchRecord& record : records) {
    next_sequence_ = std::max(next_sequence_, record.sequence + 1);
    if (was_dropped(noted, record.sequence)) {  // The process ended between the notes and the file.
      actions.emplace_back(action::Forget{record.sequence, true});
      continue;
    }
    // The process ended after it had stored this batch and before it had noted so.
    for (const DroppedRange& carried : record.carried) std::erase(pending_, carried);
    for (DroppedRange& range : lost) {
      const bool inside = record.sequence >= range.first_sequence && record.sequence <= range.last_sequence;
      if (inside) range.windows -= std::min(range.windows, record.windows);
    }
    const std::uint64_t sequence = record.sequence;
    entries_[sequence] = Entry{std::move(record), Where::kDisk};
  }
  std::erase_if(lost, [](const DroppedRange& range) { return range.windows == 0; });
  for (DroppedRange& range : lost) {
    range.reason = "the probe ended while its disk refused the batch";
    dropped_windows_ += range.windows;
    pending_.push_back(std::move(range));
  }
  if (!lost.empty()) save_notes(actions);
  keep_bound(0, actions);
  send(now, actions);
  return actions;
}

Actions Delivery::closed(BatchRecord record, MonotonicTime now) {
  Actions actions;
  const std::uint64_t sequence = record.sequence;
  next_sequence_ = sequence + 1;
  pending_.clear();
  const std::uint64_t bytes = record.bytes;
  if (oldest_in_memory()) {
    // Behind those that wait for the disk: were it stored before them, a crash would make a gap of their numbers.
    entries_[sequence] = Entry{std::move(record), Where::kMemoryUnnoted, false, false, true, 0};
    if (!store_again_) store_again_ = now + limits_.store_retry;
    keep_memory_bound(actions);
    save_notes(actions);
    return actions;
  }
  entries_[sequence] = Entry{std::move(record), Where::kStoring, false, false, true, 0};
  keep_bound(bytes, actions);
  actions.emplace_back(action::Store{sequence});
  return actions;
}

Actions Delivery::stored(std::uint64_t sequence, MonotonicTime now) {
  Actions actions;
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) {  // Acknowledged or dropped from memory while it was being written.
    actions.emplace_back(action::Forget{sequence, false});
    return actions;
  }
  const bool from_memory = found->second.where != Where::kStoring;
  const bool carries = !found->second.record.carried.empty();
  found->second.where = Where::kDisk;
  if (disk_refuses_) {
    disk_refuses_ = false;
    memory_full_told_ = false;
    actions.emplace_back(action::Tell{false, "the disk takes batches again"});
  }
  if (from_memory || carries) save_notes(actions);
  forget_answered(actions);
  keep_bound(0, actions);
  if (const auto next = oldest_in_memory()) actions.emplace_back(action::Store{*next});
  send(now, actions);
  return actions;
}

Actions Delivery::store_failed(std::uint64_t sequence, std::string reason, MonotonicTime now) {
  Actions actions;
  const auto found = entries_.find(sequence);
  if (found == entries_.end()) return actions;
  if (found->second.where == Where::kStoring) found->second.where = Where::kMemoryUnnoted;
  store_again_ = now + limits_.store_retry;
  if (!disk_refuses_) {
    disk_refuses_ = true;
    actions.emplace_back(action::Tell{
        true, fmt::format("the spool cannot store batches ({}); up to {} KiB are kept in memory and sent from there; "
                          "free space or move the data folder",
                          reason, limits_.memory_bytes / 1024)});
  }
  keep_memory_bound(actions);
  save_notes(actions);
  return actions;
}

Actions Delivery::notes_saved(std::uint64_t edition, MonotonicTime now) {
  Actions actions;
  const auto end = after_notes_.upper_bound(edition);
  for (auto due = after_notes_.begin(); due != end; ++due) actions.push_back(std::move(due->second));
  after_notes_.erase(after_notes_.begin(), end);
  for (auto& [number, entry] : entries_) {
    if (entry.where == Where::kMemoryUnnoted) entry.where = Where::kMemory;
  }
  send(now, actions);
  return actions;
}

Actions Delivery::notes_failed(std::string reason, MonotonicTime now) {
  Actions actions;
  store_again_ = now + limits_.store_retry;
  if (!disk_refuses_) {
    disk_refuses_ = true;
    actions.emplace_back(action::Tell{true, "the spool's notes cannot be written: " + reason});
  }
  return actions;
}

Actions Delivery::unreadable(std::uint64_t sequence, std::string reason, MonotonicTime now) {
  Actions actions;
  const auto found = entries_.find(sequence);
  DroppedRange range{sequence, sequence, 0, 0, 0, "spool file unreadable: " + reason};
  next_sequence_ = std::max(next_sequence_, sequence + 1);
  if (request_) {
    std::erase(request_->sequences, sequence);
    if (request_->sequences.empty()) request_.reset();
  }
  if (found != entries_.end()) {
    if (found->second.answered) return actions;
    const BatchRecord& record = found->second.record;
    range.windows = record.windows;
    range.first_unix_ms = record.first_unix_ms;
    range.last_unix_ms = record.last_unix_ms;
    pending_.insert(pending_.end(), record.carried.begin(), record.carried.end());
    entries_.erase(found);
  }
  dropped_windows_ += range.windows;
  pending_.push_back(std::move(range));
  tidy(pending_);
  actions.emplace_back(
      action::Tell{true, fmt::format("batch {} could not be read from the spool: {}", sequence, reason)});
  after_notes(action::SetAside{sequence, std::move(reason)});
  save_notes(actions);
  send(now, actions);
  return actions;
}

Actions Delivery::lost(std::uint64_t windows, WallTime wall, std::string reason) {
  Actions actions;
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(wall.since_epoch).count();
  dropped_windows_ += windows;
  pending_.push_back({0, 0, windows, ms, ms, std::move(reason)});  // 0: they never were in a batch.
  tidy(pending_);
  save_notes(actions);
  return actions;
}

Actions Delivery::tick(MonotonicTime now) {
  Actions actions;
  if (not_before_ && now >= *not_before_) not_before_.reset();
  if (store_again_ && now >= *store_again_) {
    store_again_.reset();
    save_notes(actions);
    if (const auto next = oldest_in_memory()) actions.emplace_back(action::Store{*next});
  }
  send(now, actions);
  return actions;
}

Actions Delivery::stopping(MonotonicTime) {
  Actions actions;
  save_notes(actions);
  forget_answered(actions);
  std::vector<std::uint64_t> last;
  for (const auto& [number, entry] : entries_) {
    if (entry.answered) last.push_back(number);
  }
  for (const std::uint64_t number : last) {
    entries_.erase(number);
    actions.emplace_back(action::Forget{number, false});
  }
  return actions;
}

std::optional<MonotonicTime> Delivery::wake() const {
  std::optional<MonotonicTime> at = store_again_;
  const bool waits = not_before_ && !request_ && waiting_batches() > 0;
  if (waits && (!at || *not_before_ < *at)) at = not_before_;
  return at;
}

bool Delivery::is_sendable(const Entry& entry) const {
  if (entry.under_way || entry.answered) return false;
  return entry.where == Where::kDisk || entry.where == Where::kMemory;
}

std::uint64_t Delivery::waiting_batches() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(entries_, [](const auto& e) { return !e.second.answered; }));
}

std::uint64_t Delivery::waiting_bytes() const {
  std::uint64_t bytes = 0;
  for (const auto& [number, entry] : entries_) bytes += entry.answered ? 0 : entry.record.bytes;
  return bytes;
}

void Delivery::send(MonotonicTime now, Actions& actions) {
  if (request_ || (not_before_ && now < *not_before_)) return;
  not_before_.reset();
  std::vector<std::uint64_t> chosen;
  std::uint64_t bytes = 0;
  for (auto& [number, entry] : entries_) {
    if (!is_sendable(entry)) continue;
    if (!chosen.empty() && bytes + entry.record.bytes > request_bytes_) break;
    bytes += entry.record.bytes;
    chosen.push_back(number);
  }
  if (chosen.empty()) return;
  for (const std::uint64_t number : chosen) {
    entries_[number].under_way = true;
    ++entries_[number].attempts;
  }
  request_ = Request{next_request_++, chosen};
  actions.emplace_back(action::Send{request_->id, chosen});
}

}  // namespace gnomon::probe
