#include "simulation/oracle.h"

#include <algorithm>

#include "journal/ledger_entry.h"
#include "journal/record_codec.h"

namespace gnomon::simulation {

namespace {

std::uint64_t hash_of(std::string_view bytes) {
  return std::hash<std::string_view>{}(bytes);
}

std::string name(const ProbeId& probe, std::uint64_t sequence) {
  return fmt::format("batch {} of probe {}", sequence, to_string(probe).substr(0, 6));
}

}  // namespace

void Oracle::closed(const ProbeId& probe, const probe::MadeBatch& batch, std::vector<WindowId> windows,
                    std::uint64_t life) {
  auto& versions = books_[probe].versions[batch.record.sequence];
  if (std::ranges::any_of(versions, &Version::is_safe)) {
    world_.violate("same bytes",
                   name(probe, batch.record.sequence) + " was safe in the spool, and its number is used again");
  }
  versions.push_back({hash_of(batch.signed_batch), std::move(windows), batch.record.carried, life, false});
}

void Oracle::safe(const ProbeId& probe, std::uint64_t sequence) {
  books_[probe].versions[sequence].back().is_safe = true;
}

void Oracle::sent(const ProbeId& probe, std::uint64_t sequence, std::string_view signed_batch) {
  const auto [known, is_new] = books_[probe].sent.emplace(sequence, hash_of(signed_batch));
  if (!is_new && known->second != hash_of(signed_batch)) {
    world_.violate("same bytes", name(probe, sequence) + " was sent with other content before");
  }
}

void Oracle::acknowledged(const ProbeId& probe, std::uint64_t sequence, std::string_view signed_batch) {
  acknowledged_.emplace(Key{probe, sequence}, hash_of(signed_batch));
  new_acknowledgements_.push_back({probe, sequence});
}

void Oracle::journalled(const journal::JournalEntry& entry) {
  const auto named = journal::name_of(std::as_bytes(std::span(entry.signed_batch)));
  if (!named) return world_.violate("journal kept", fmt::format("record {} holds no batch", entry.record));
  const Record record{named->probe, named->sequence, hash_of(entry.signed_batch)};
  if (entry.record != next_) {
    return world_.violate("journal kept", fmt::format("record {} where {} was expected", entry.record, next_));
  }
  if (next_ < records_.size()) {
    if (records_[next_].hash != record.hash) {
      world_.violate("journal kept", fmt::format("record {} is another batch than before", next_));
    }
    ++next_;
    return;
  }
  ++next_;
  const auto [known, is_new] = stored_.emplace(Key{record.probe, record.sequence}, records_.size());
  if (!is_new) {
    return world_.violate("once", name(record.probe, record.sequence) +
                                      fmt::format(" is stored as record {} and {}", known->second, entry.record));
  }
  records_.push_back(record);
  const Version* version = version_of(record);
  if (version == nullptr) {
    return world_.violate("same bytes", name(record.probe, record.sequence) + " is not what the probe made");
  }
  windows_journalled_ += version->windows.size();
  grow_tree(entry);
}

void Oracle::read_through() {
  if (next_ < records_.size()) {
    return world_.violate("journal kept",
                          fmt::format("the journal held {} records and holds {}", records_.size(), next_));
  }
  for (const Key& key : new_acknowledgements_) {
    const auto stored = stored_.find(key);
    if (stored == stored_.end()) {
      world_.violate("acknowledged", name(key.first, key.second) + " was acknowledged and is not in the journal");
    } else if (records_[stored->second].hash != acknowledged_.at(key)) {
      world_.violate("acknowledged",
                     name(key.first, key.second) + " was acknowledged, the journal holds other content");
    }
  }
  new_acknowledgements_.clear();
  judge_checkpoints();
}

void Oracle::told(const ProbeId& probe, std::uint64_t sequence) {
  const auto stored = stored_.find({probe, sequence});
  if (stored == stored_.end())
    return world_.violate("acknowledged", name(probe, sequence) + " was told and is not stored");
  if (next_told_ && stored->second != *next_told_) {
    world_.violate("once",
                   fmt::format("observers were told of record {} where {} was next", stored->second, *next_told_));
  }
  next_told_ = stored->second + 1;
}

// A tree of its own, so that what the ledger signs is compared with the journal's order.
void Oracle::grow_tree(const journal::JournalEntry& entry) {
  const auto leaf = journal::entry_of(entry.record, {entry.received_unix_ms, entry.signed_batch}, false);
  if (!leaf) return world_.violate("journal kept", fmt::format("record {} cannot be read", entry.record));
  subtrees_.emplace_back(0, journal::leaf_hash(journal::encode_entry(*leaf)));
  while (subtrees_.size() > 1 && subtrees_[subtrees_.size() - 2].first == subtrees_.back().first) {
    const auto right = subtrees_.back();
    subtrees_.pop_back();
    subtrees_.back() = {right.first + 1, journal::node_hash(subtrees_.back().second, right.second)};
  }
  journal::Digest root = subtrees_.back().second;
  for (std::size_t i = subtrees_.size() - 1; i-- > 0;) root = journal::node_hash(subtrees_[i].second, root);
  roots_.push_back(root);
}

void Oracle::checkpoint(std::string_view note) {
  const auto parts = journal::split_note(note);
  const auto tree = parts ? journal::parse_checkpoint_text(parts->text) : tl::unexpected(parts.error());
  if (!tree) return world_.violate("one tree", "a checkpoint cannot be read");
  ++checkpoints_;
  unjudged_.push_back(*tree);
}

void Oracle::judge_checkpoints() {
  for (const journal::Checkpoint& tree : unjudged_) {
    if (tree.size >= roots_.size()) {
      world_.violate("one tree",
                     fmt::format("a checkpoint signs {} batches, the journal holds {}", tree.size, roots_.size() - 1));
    } else if (tree.root != roots_[tree.size]) {
      world_.violate("one tree", fmt::format("the checkpoint of {} batches has not the journal's root", tree.size));
    }
  }
  unjudged_.clear();
}

void Oracle::tables(std::uint64_t position, const std::unordered_map<WindowId, int>& windows) {
  if (position != records_.size()) {
    world_.violate("at rest", fmt::format("the tables hold {} of {} records", position, records_.size()));
  }
  std::size_t expected = 0;
  for (const Record& record : records_) {
    for (const WindowId window : version_of(record)->windows) {
      ++expected;
      if (!windows.contains(window)) world_.violate("once", fmt::format("window {} is not in the tables", window));
    }
  }
  if (windows.size() != expected) {
    world_.violate("once", fmt::format("the tables hold {} windows, the journal {}", windows.size(), expected));
  }
}

const Oracle::Version* Oracle::version_of(const Record& record) const {
  const auto book = books_.find(record.probe);
  if (book == books_.end()) return nullptr;
  const auto versions = book->second.versions.find(record.sequence);
  if (versions == book->second.versions.end()) return nullptr;
  const auto found = std::ranges::find(versions->second, record.hash, &Version::hash);
  return found == versions->second.end() ? nullptr : &*found;
}

}  // namespace gnomon::simulation
