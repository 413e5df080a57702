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
  for (const auto& range : batch.dropped) reported_.push_back({batch.sequence, range});
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
    return std::ranges::any_of(reported_, [&](const auto& r) {
      return sequence >= r.range.first_sequence && sequence <= r.range.last_sequence;
    });
  };
  for (const auto& [sequence, text] : durable_) {
    if (server_.contains(sequence)) continue;
    if (!reported(sequence))
      return fmt::format("durable batch {} neither arrived nor was reported as dropped", sequence);
    if (!damaged_.contains(sequence)) dropped_windows += decode(text).windows.size();
  }
  std::uint64_t reported_windows = 0;
  for (const auto& report : reported_) reported_windows += report.range.windows;
  if (reported_windows < dropped_windows) {
    return fmt::format("{} windows were dropped, but only {} reported", dropped_windows, reported_windows);
  }
  const std::uint64_t newest = durable_.empty() ? 0 : durable_.rbegin()->first;
  for (std::uint64_t sequence = 1; sequence <= newest; ++sequence) {
    if (!server_.contains(sequence) && !reported(sequence)) {
      return fmt::format("sequence {} is a gap that nothing explains", sequence);
    }
  }
  return loose_dropped_ ? "" : doubled_report();
}

std::string Oracle::doubled_report() const {
  // A batch whose answer was lost may be dropped although it arrived; what it reported is then reported again by the
  // batch that reports its own end. Such repetitions can be told apart by exactly that, and are left out here.
  std::vector<probe::DroppedRange> once;
  for (const Report& report : reported_) {
    const auto names = [&](const Report& r) {
      return report.by >= r.range.first_sequence && report.by <= r.range.last_sequence;
    };
    if (std::ranges::none_of(reported_, names)) once.push_back(report.range);
  }
  std::ranges::sort(once, {}, &probe::DroppedRange::first_sequence);
  for (std::size_t i = 1; i < once.size(); ++i) {
    if (once[i].first_sequence > once[i - 1].last_sequence) continue;
    return fmt::format("batches {} to {} were reported as dropped twice", once[i].first_sequence,
                       once[i].last_sequence);
  }
  return {};
}

}  // namespace gnomon::simulation
