#include "simulation/oracle.h"

#include <algorithm>

namespace gnomon::simulation {

void Oracle::violate(std::string what) {
  if (violation_.empty()) violation_ = std::move(what);
}

void Oracle::stored(const std::string& batch) {
  const std::uint64_t sequence = decode(batch).sequence;
  const auto known = server_.find(sequence);
  if (known != server_.end() && known->second != batch) {
    violate(fmt::format("sequence {} was used again: the server holds another batch under it", sequence));
  }
  durable_[sequence] = batch;
}

void Oracle::forgot(std::uint64_t sequence, bool was_acknowledged) {
  if (!was_acknowledged) return;
  const auto mine = durable_.find(sequence);
  const auto theirs = server_.find(sequence);
  if (mine == durable_.end()) return;
  if (theirs == server_.end()) {
    violate(fmt::format("the probe forgot batch {} as delivered, and the server does not hold it", sequence));
  } else if (theirs->second != mine->second) {
    violate(fmt::format("the probe forgot batch {}, and the server holds another one under that number", sequence));
  }
}

void Oracle::applied(const std::string& text) {
  const BatchText batch = decode(text);
  if (!server_.emplace(batch.sequence, text).second) {
    return violate(fmt::format("batch {} was applied twice", batch.sequence));
  }
  for (const WindowId window : batch.windows) {
    if (!applied_windows_.insert(window).second) violate(fmt::format("window {} was applied twice", window));
  }
  reported_.insert(reported_.end(), batch.dropped.begin(), batch.dropped.end());
}

void Oracle::acknowledged(std::uint64_t sequence) {
  if (!server_.contains(sequence)) violate(fmt::format("batch {} was acknowledged before it was durable", sequence));
  acknowledged_.insert(sequence);
}

void Oracle::journal_lost(std::uint64_t sequence) {
  if (acknowledged_.contains(sequence)) violate(fmt::format("acknowledged batch {} was lost in a crash", sequence));
}

std::string Oracle::verdict() const {
  if (!violation_.empty()) return violation_;
  std::uint64_t dropped_windows = 0;
  const auto reported = [&](std::uint64_t sequence) {
    return std::ranges::any_of(
        reported_, [&](const auto& r) { return sequence >= r.first_sequence && sequence <= r.last_sequence; });
  };
  for (const auto& [sequence, text] : durable_) {
    if (server_.contains(sequence)) continue;
    if (!reported(sequence)) return fmt::format("durable batch {} neither arrived nor was reported as dropped", sequence);
    if (!damaged_.contains(sequence)) dropped_windows += decode(text).windows.size();
  }
  std::uint64_t reported_windows = 0;
  for (const auto& range : reported_) reported_windows += range.windows;
  if (reported_windows < dropped_windows) {
    return fmt::format("{} windows were dropped, but only {} reported", dropped_windows, reported_windows);
  }
  const std::uint64_t newest = durable_.empty() ? 0 : durable_.rbegin()->first;
  for (std::uint64_t sequence = 1; sequence <= newest; ++sequence) {
    if (!server_.contains(sequence) && !reported(sequence)) {
      return fmt::format("sequence {} is a gap that nothing explains", sequence);
    }
  }
  for (std::size_t i = 0; i < reported_.size() && !loose_dropped_; ++i) {
    for (std::size_t j = i + 1; j < reported_.size(); ++j) {
      const auto& a = reported_[i];
      const auto& b = reported_[j];
      if (a.first_sequence <= b.last_sequence && b.first_sequence <= a.last_sequence) {
        return fmt::format("batches {} to {} were reported as dropped twice", a.first_sequence, a.last_sequence);
      }
    }
  }
  return {};
}

}  // namespace gnomon::simulation
