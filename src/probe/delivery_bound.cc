// The part of the delivery machine that keeps the bounds and writes down what they cost.

#include <algorithm>
#include <utility>

#include "probe/delivery.h"

namespace gnomon::probe {
namespace {

void join(DroppedRange& range, const DroppedRange& next) {
  range.first_sequence = std::min(range.first_sequence, next.first_sequence);
  range.last_sequence = std::max(range.last_sequence, next.last_sequence);
  // Zero means that the times are not known (an unreadable file).
  if (range.first_unix_ms == 0 || (next.first_unix_ms != 0 && next.first_unix_ms < range.first_unix_ms)) {
    range.first_unix_ms = next.first_unix_ms;
  }
  range.last_unix_ms = std::max(range.last_unix_ms, next.last_unix_ms);
  range.windows += next.windows;
}

}  // namespace

bool was_dropped(const std::vector<DroppedRange>& ranges, std::uint64_t sequence) {
  return std::ranges::any_of(ranges, [&](const DroppedRange& range) {
    const bool lists_batches = range.reason == kSpoolFull || range.reason == kDiskFull;
    return lists_batches && sequence >= range.first_sequence && sequence <= range.last_sequence;
  });
}

void tidy(std::vector<DroppedRange>& ranges, std::size_t limit) {
  std::ranges::sort(ranges, {}, &DroppedRange::first_sequence);
  std::vector<DroppedRange> joined;
  for (DroppedRange& range : ranges) {
    const bool follows = !joined.empty() && joined.back().last_sequence + 1 == range.first_sequence &&
                         joined.back().reason == range.reason;
    if (follows) {
      join(joined.back(), range);
    } else {
      joined.push_back(std::move(range));
    }
  }
  while (joined.size() > std::max<std::size_t>(limit, 1)) {
    std::size_t closest = 1;
    for (std::size_t i = 2; i < joined.size(); ++i) {
      const auto gap = [&](std::size_t at) { return joined[at].first_sequence - joined[at - 1].last_sequence; };
      if (gap(i) < gap(closest)) closest = i;
    }
    join(joined[closest - 1], joined[closest]);
    joined[closest - 1].reason = "several";  // Spans batches that were not dropped, so it must not be read as a list.
    joined.erase(joined.begin() + static_cast<std::ptrdiff_t>(closest));
  }
  ranges = std::move(joined);
}

void Delivery::after_notes(Action action) {
  after_notes_.emplace(notes_edition_ + 1, std::move(action));
}

void Delivery::drop(Entries::iterator entry, const std::string& reason, Actions& actions) {
  const BatchRecord record = std::move(entry->second.record);
  if (entry->second.where == Where::kDisk) {
    after_notes(action::Forget{record.sequence, true});
  } else {
    actions.emplace_back(action::Forget{record.sequence, false});
  }
  entries_.erase(entry);
  dropped_windows_ += record.windows;
  pending_.push_back(
      {record.sequence, record.sequence, record.windows, record.first_unix_ms, record.last_unix_ms, reason});
  pending_.insert(pending_.end(), record.carried.begin(), record.carried.end());
  tidy(pending_);
}

// The newest batch always stays: it carries what was dropped, and must get its chance to be sent.
bool Delivery::is_droppable(const Entry& entry) const {
  return !entry.under_way && !entry.answered && entry.record.sequence + 1 != next_sequence_;
}

void Delivery::keep_bound(std::uint64_t arriving, Actions& actions) {
  const auto oldest = [&] {
    return std::ranges::find_if(
        entries_, [&](const auto& e) { return is_droppable(e.second) && e.second.where == Where::kDisk; });
  };
  std::uint64_t bytes = held(true) + arriving;
  std::uint64_t windows = 0;
  std::size_t batches = 0;
  for (auto entry = oldest(); bytes > limits_.disk_bytes && entry != entries_.end(); entry = oldest()) {
    bytes -= entry->second.record.bytes;
    windows += entry->second.record.windows;
    ++batches;
    drop(entry, std::string(kSpoolFull), actions);
  }
  if (batches == 0) return;
  actions.emplace_back(
      action::Tell{true, fmt::format("the spool is full ({} MiB): dropped the oldest {} batches with {} "
                                     "windows",
                                     limits_.disk_bytes >> 20, batches, windows)});
  save_notes(actions);
}

void Delivery::keep_memory_bound(Actions& actions) {
  const auto oldest = [&] {
    return std::ranges::find_if(entries_, [&](const auto& e) { return is_droppable(e.second); });
  };
  bool dropped = false;
  bool freed_disk = false;
  std::uint64_t bytes = held(false);
  for (auto entry = oldest(); bytes > limits_.memory_bytes && entry != entries_.end() && !freed_disk;
       entry = oldest()) {
    freed_disk = entry->second.where == Where::kDisk;
    if (!freed_disk) bytes -= entry->second.record.bytes;
    drop(entry, std::string(kDiskFull), actions);
    dropped = true;
  }
  // Where a batch on disk went, there may be room for one of those in memory.
  const auto waiting = oldest_in_memory();
  if (freed_disk && waiting) after_notes(action::Store{*waiting});
  if (!dropped) return;
  if (!std::exchange(memory_full_told_, true)) {
    actions.emplace_back(
        action::Tell{true, fmt::format("the memory for what the disk refuses is full ({} KiB), too: the oldest batches "
                                       "are dropped until there is room, and reported then",
                                       limits_.memory_bytes / 1024)});
  }
  save_notes(actions);
}

std::optional<std::uint64_t> Delivery::oldest_in_memory() const {
  for (const auto& [number, entry] : entries_) {
    const bool in_memory = entry.where == Where::kMemory || entry.where == Where::kMemoryUnnoted;
    if (in_memory && !entry.answered) return number;
  }
  return std::nullopt;
}

void Delivery::forget_answered(Actions& actions) {
  std::uint64_t newest_on_disk = 0;
  for (const auto& [number, entry] : entries_) {
    if (entry.where == Where::kDisk) newest_on_disk = number;
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.answered && entry->first < newest_on_disk) {
      actions.emplace_back(action::Forget{entry->first, false});
      entry = entries_.erase(entry);
    } else {
      ++entry;
    }
  }
}

void Delivery::save_notes(Actions& actions) {
  SpoolNotes notes;
  notes.next_sequence = next_sequence_;
  // A batch that is still being written has no claim to its number yet: after a crash it would leave a gap.
  for (auto last = entries_.rbegin(); last != entries_.rend() && last->second.where == Where::kStoring; ++last) {
    notes.next_sequence = last->first;
  }
  notes.pending = pending_;
  for (const auto& [number, entry] : entries_) {
    if (entry.where == Where::kDisk || entry.answered) continue;
    const BatchRecord& r = entry.record;
    notes.pending.insert(notes.pending.end(), r.carried.begin(), r.carried.end());
    if (entry.where == Where::kStoring) continue;
    notes.at_risk.push_back({r.sequence, r.sequence, r.windows, r.first_unix_ms, r.last_unix_ms, ""});
  }
  constexpr std::size_t kRanges = 64;  // What the notes' file has room for (spool_format.h).
  if (notes.pending.size() > kRanges) tidy(notes.pending, kRanges);
  tidy(notes.at_risk, kRanges);
  actions.emplace_back(action::SaveNotes{++notes_edition_, std::move(notes)});
}

std::uint64_t Delivery::held(bool on_disk) const {
  std::uint64_t bytes = 0;
  for (const auto& [number, entry] : entries_) {
    const bool in_memory = entry.where == Where::kMemory || entry.where == Where::kMemoryUnnoted;
    if (on_disk ? entry.where == Where::kDisk && !entry.answered : in_memory) bytes += entry.record.bytes;
  }
  return bytes;
}

}  // namespace gnomon::probe
