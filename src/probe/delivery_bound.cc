// The part of the delivery machine that keeps the bounds and writes down what they cost.

#include <algorithm>

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
    joined.erase(joined.begin() + static_cast<std::ptrdiff_t>(closest));
  }
  ranges = std::move(joined);
}

void Delivery::drop(Entries::iterator entry, const std::string& reason, Actions& actions) {
  const BatchRecord record = std::move(entry->second.record);
  entries_.erase(entry);
  actions.emplace_back(action::Forget{record.sequence});
  if (mutant_ == Mutant::kDropUncounted) return;
  dropped_windows_ += record.windows;
  pending_.push_back(
      {record.sequence, record.sequence, record.windows, record.first_unix_ms, record.last_unix_ms, reason});
  pending_.insert(pending_.end(), record.carried.begin(), record.carried.end());
  tidy(pending_);
}

void Delivery::keep_bound(std::uint64_t arriving, Actions& actions) {
  Actions forgets;
  const auto oldest = [&] {
    return std::ranges::find_if(entries_, [](const auto& e) {
      return e.second.where == Where::kDisk && !e.second.under_way && !e.second.answered;
    });
  };
  std::uint64_t bytes = held(true) + arriving;
  std::uint64_t windows = 0;
  std::size_t batches = 0;
  for (auto entry = oldest(); bytes > limits_.disk_bytes && entry != entries_.end(); entry = oldest()) {
    bytes -= entry->second.record.bytes;
    windows += entry->second.record.windows;
    ++batches;
    drop(entry, "spool full", forgets);
  }
  if (forgets.empty()) return;
  actions.emplace_back(
      action::Tell{true, fmt::format("the spool is full ({} MiB): dropped the oldest {} batches with {} "
                                     "windows",
                                     limits_.disk_bytes >> 20, batches, windows)});
  save_notes(actions);  // What was dropped is written down before it goes.
  actions.insert(actions.end(), std::make_move_iterator(forgets.begin()), std::make_move_iterator(forgets.end()));
}

bool Delivery::keep_memory_bound(Actions& actions) {
  const auto oldest = [&] {
    return std::ranges::find_if(entries_, [](const auto& e) { return !e.second.under_way && !e.second.answered; });
  };
  Actions forgets;
  bool freed_disk = false;
  std::uint64_t bytes = held(false);
  for (auto entry = oldest(); bytes > limits_.memory_bytes && entry != entries_.end() && !freed_disk;
       entry = oldest()) {
    const bool on_disk = entry->second.where == Where::kDisk;
    if (!on_disk) bytes -= entry->second.record.bytes;
    drop(entry, "disk full", forgets);
    freed_disk = on_disk;
  }
  if (forgets.empty()) return false;
  save_notes(actions);
  actions.insert(actions.end(), std::make_move_iterator(forgets.begin()), std::make_move_iterator(forgets.end()));
  return freed_disk;
}

void Delivery::store_oldest_in_memory(Actions& actions) {
  for (const auto& [number, entry] : entries_) {
    const bool in_memory = entry.where == Where::kMemory || entry.where == Where::kMemoryUnnoted;
    if (!in_memory || entry.answered) continue;
    actions.emplace_back(action::Store{number});
    return;
  }
}

void Delivery::forget_answered(Actions& actions) {
  std::uint64_t newest_on_disk = 0;
  for (const auto& [number, entry] : entries_) {
    if (entry.where == Where::kDisk) newest_on_disk = number;
  }
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    if (entry->second.answered && entry->first < newest_on_disk) {
      actions.emplace_back(action::Forget{entry->first});
      entry = entries_.erase(entry);
    } else {
      ++entry;
    }
  }
}

void Delivery::save_notes(Actions& actions) {
  SpoolNotes notes;
  notes.next_sequence = next_sequence_;
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
  actions.emplace_back(action::SaveNotes{std::move(notes)});
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
