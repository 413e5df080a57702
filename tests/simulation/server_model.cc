#include "simulation/server_model.h"

#include <algorithm>

namespace gnomon::simulation {

using probe::Verdict;

ServerModel::Asked ServerModel::take(const std::vector<std::string>& batches, bool enrolled) {
  Asked asked;
  for (const std::string& text : batches) {
    const std::uint64_t sequence = decode(text).sequence;
    if (!enrolled) {
      asked.acks.push_back({sequence, Verdict::kUnknownKey, "enrol it"});
      continue;
    }
    if (durable_.contains(probe_, sequence)) {
      asked.acks.push_back({sequence, Verdict::kDuplicate, ""});
      continue;
    }
    const auto same = [&](const std::string& waiting) { return decode(waiting).sequence == sequence; };
    const bool waits = std::ranges::any_of(tail_, same);
    if (!waits) tail_.push_back(text);
    asked.acks.push_back({sequence, waits ? Verdict::kDuplicate : Verdict::kStored, ""});
    asked.ticket = early_acknowledgement_ ? 0 : 1;
  }
  return asked;
}

void ServerModel::commit() {
  for (const std::string& text : tail_) {
    durable_.insert(probe_, decode(text).sequence);
    oracle_.applied(text);
  }
  tail_.clear();
}

void ServerModel::crash(Random& random) {
  // A prefix of the tail may have reached the disk.
  const std::size_t kept = tail_.empty() ? 0 : random.next() % (tail_.size() + 1);
  for (std::size_t i = kept; i < tail_.size(); ++i) oracle_.journal_lost(decode(tail_[i]).sequence);
  tail_.resize(kept);
  commit();
}

void ServerModel::answered(const std::vector<probe::Ack>& acks) {
  for (const probe::Ack& ack : acks) {
    if (ack.verdict == Verdict::kStored || ack.verdict == Verdict::kDuplicate) oracle_.acknowledged(ack.sequence);
  }
}

}  // namespace gnomon::simulation
