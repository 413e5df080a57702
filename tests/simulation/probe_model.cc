#include "simulation/probe_model.h"

namespace gnomon::simulation {

using namespace gnomon::probe;

ProbeModel::ProbeModel(Oracle& oracle, ManualClock& clock, Random& random, DeliveryLimits limits, Mutant mutant)
    : oracle_(oracle), clock_(clock), random_(random), limits_(std::move(limits)), mutant_(mutant) {}

void ProbeModel::start() {
  Spool::Found found;
  auto spool = Spool::open(files_, "/spool", found);
  if (!spool) return;  // The disk is full at the first start; tried again later.
  spool_ = std::move(*spool);
  delivery_ = std::make_unique<Delivery>(limits_, random_, mutant_);
  ++life_;
  refused_ = false;
  perform(delivery_->recovered(std::move(found.records), std::move(found.notes), clock_.now()));
  for (Spool::Damaged& damaged : found.damaged) {
    if (!is_up()) return;
    oracle_.spool_damaged(damaged.sequence);
    perform(delivery_->unreadable(damaged.sequence, std::move(damaged.reason), clock_.now()));
  }
}

void ProbeModel::crash(bool power) {
  if (!is_up()) return;
  if (refused_) oracle_.crashed_while_disk_refused();
  delivery_.reset();
  spool_.reset();
  unsaved_.clear();
  posted_.clear();
  if (power) files_.crash(random_);
}

void ProbeModel::close_batch(std::size_t windows) {
  if (!is_up()) return;
  BatchText batch{delivery_->next_sequence(), {}, delivery_->pending()};
  for (std::size_t i = 0; i < windows; ++i) batch.windows.push_back(next_window_++);
  std::string text = encode(batch);
  const std::int64_t ms = std::chrono::floor<std::chrono::milliseconds>(clock_.wall().since_epoch).count();
  const BatchRecord record{batch.sequence, text.size(), windows, ms, ms, batch.dropped};
  unsaved_[batch.sequence] = {record, std::move(text)};
  perform(delivery_->closed(record, clock_.now()));
}

void ProbeModel::answer(std::uint64_t life, std::uint64_t request, const std::vector<Ack>& acks) {
  if (!is_up() || life != life_) return;
  for (const Ack& ack : acks) {
    if (ack.verdict == Verdict::kStored || ack.verdict == Verdict::kDuplicate) acknowledged_.insert(ack.sequence);
  }
  perform(delivery_->answered(request, acks, clock_.now()));
}

void ProbeModel::fail(std::uint64_t life, std::uint64_t request, const Delivery::Failure& failure) {
  if (is_up() && life == life_) perform(delivery_->request_failed(request, failure, clock_.now()));
}

void ProbeModel::tick() {
  if (is_up()) perform(delivery_->tick(clock_.now()));
}

namespace {

std::string describe(const std::vector<DroppedRange>& ranges) {
  std::string text;
  for (const auto& r : ranges) text += fmt::format(" {}-{} ({} windows)", r.first_sequence, r.last_sequence, r.windows);
  return text.empty() ? " none" : text;
}

std::string describe(const Action& action) {
  if (const auto* a = std::get_if<action::Store>(&action)) return fmt::format("store {}", a->sequence);
  if (const auto* a = std::get_if<action::Send>(&action)) return fmt::format("send {}", fmt::join(a->sequences, " "));
  if (const auto* a = std::get_if<action::Forget>(&action)) return fmt::format("forget {}", a->sequence);
  if (const auto* a = std::get_if<action::SetAside>(&action)) return fmt::format("set aside {}", a->sequence);
  if (const auto* a = std::get_if<action::Tell>(&action)) return a->text;
  const SpoolNotes& notes = std::get<action::SaveNotes>(action).notes;
  return fmt::format("save notes: next {}, pending{}, at risk{}", notes.next_sequence, describe(notes.pending),
                     describe(notes.at_risk));
}

}  // namespace

void ProbeModel::perform(Actions actions) {
  std::deque<Action> waiting(actions.begin(), actions.end());
  while (!waiting.empty()) {
    if (crash_ppm_ > 0 && random_.next() % 1'000'000 < crash_ppm_) return crash(random_.next() % 2 == 0);
    const Action next = waiting.front();
    waiting.pop_front();
    if (narrator_) narrator_(describe(next));
    for (Action& more : perform_one(next)) waiting.push_back(std::move(more));
  }
}

Actions ProbeModel::perform_one(const Action& action) {
  const MonotonicTime now = clock_.now();
  if (const auto* a = std::get_if<action::Store>(&action)) return store(a->sequence);
  if (const auto* a = std::get_if<action::SaveNotes>(&action)) {
    const Status saved = spool_->save(a->notes);
    refused_ = refused_ || !saved;
    if (narrator_ && !saved) narrator_("  notes not saved");
    return saved ? delivery_->notes_saved(a->edition, now) : delivery_->notes_failed(saved.error().reason, now);
  }
  if (const auto* a = std::get_if<action::Forget>(&action)) {
    oracle_.forgot(a->sequence, acknowledged_.contains(a->sequence));
    unsaved_.erase(a->sequence);
    spool_->forget(a->sequence, a->durably);
  } else if (const auto* b = std::get_if<action::SetAside>(&action)) {
    spool_->set_aside(b->sequence);
  } else if (const auto* c = std::get_if<action::Send>(&action)) {
    post(*c);
  }
  return {};
}

Actions ProbeModel::store(std::uint64_t sequence) {
  const auto held = unsaved_.find(sequence);
  if (held == unsaved_.end()) return {};
  const Status stored = spool_->store(held->second.record, held->second.text);
  if (narrator_) narrator_(stored ? "  stored" : "  not stored: " + stored.error().reason);
  if (!stored) {
    refused_ = true;
    return delivery_->store_failed(sequence, stored.error().reason, clock_.now());
  }
  oracle_.stored(held->second.text);
  unsaved_.erase(held);
  return delivery_->stored(sequence, clock_.now());
}

void ProbeModel::post(const action::Send& send) {
  Posted posted{life_, send.request, {}};
  for (const std::uint64_t sequence : send.sequences) {
    if (const auto held = unsaved_.find(sequence); held != unsaved_.end()) {
      posted.batches.push_back(held->second.text);
      continue;
    }
    auto loaded = spool_->load(sequence);
    if (loaded) {
      posted.batches.push_back(std::move(*loaded));
    } else if (is_up()) {
      oracle_.spool_damaged(sequence);
      perform(delivery_->unreadable(sequence, loaded.error().reason, clock_.now()));
      if (!is_up()) return;
    }
  }
  if (!posted.batches.empty()) posted_.push_back(std::move(posted));
}

}  // namespace gnomon::simulation
