#include "probe/outbox.h"

#include <deque>
#include <iterator>

namespace gnomon::probe {

Result<std::unique_ptr<Outbox>> Outbox::open(segment::FileSystem& files, std::string folder, DeliveryLimits limits,
                                             const Clock& clock, Random& random, Hooks hooks) {
  Spool::Found found;
  auto spool = Spool::open(files, std::move(folder), found);
  if (!spool) return tl::unexpected(spool.error());
  std::unique_ptr<Outbox> outbox(new Outbox(std::move(limits), clock, random, std::move(hooks)));
  outbox->spool_ = std::move(*spool);
  const MonotonicTime now = clock.now();
  outbox->perform(outbox->delivery_.recovered(std::move(found.records), std::move(found.notes), now));
  for (Spool::Damaged& damaged : found.damaged) {
    outbox->perform(outbox->delivery_.unreadable(damaged.sequence, std::move(damaged.reason), now));
  }
  return outbox;
}

void Outbox::close(MadeBatch made) {
  const BatchRecord record = made.record;
  unsaved_.emplace(record.sequence, std::move(made));
  perform(delivery_.closed(record, clock_.now()));
}

void Outbox::take(std::uint64_t request, const std::variant<std::vector<Ack>, Delivery::Failure>& outcome) {
  const MonotonicTime now = clock_.now();
  if (const auto* acks = std::get_if<std::vector<Ack>>(&outcome)) {
    perform(delivery_.answered(request, *acks, now));
  } else {
    perform(delivery_.request_failed(request, std::get<Delivery::Failure>(outcome), now));
  }
}

void Outbox::lost(std::uint64_t windows, std::string reason) {
  perform(delivery_.lost(windows, clock_.wall(), std::move(reason)));
}

void Outbox::tick() {
  const MonotonicTime now = clock_.now();
  if (const auto at = delivery_.wake(); at && now >= *at) perform(delivery_.tick(now));
}

void Outbox::finish() {
  perform(delivery_.stopping(clock_.now()));
}

void Outbox::perform(Actions actions) {
  // Answers to actions bring further actions, which come after those already asked for.
  std::deque<Action> waiting(std::make_move_iterator(actions.begin()), std::make_move_iterator(actions.end()));
  while (!waiting.empty()) {
    const Action next = std::move(waiting.front());
    waiting.pop_front();
    Actions more = perform_one(next);
    waiting.insert(waiting.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
}

Actions Outbox::perform_one(const Action& action) {
  const MonotonicTime now = clock_.now();
  if (const auto* a = std::get_if<action::Store>(&action)) return store(a->sequence);
  if (const auto* a = std::get_if<action::SaveNotes>(&action)) {
    const Status saved = spool_->save(a->notes);
    return saved ? delivery_.notes_saved(a->edition, now) : delivery_.notes_failed(saved.error().reason, now);
  }
  if (const auto* a = std::get_if<action::Forget>(&action)) {
    unsaved_.erase(a->sequence);
    spool_->forget(a->sequence, a->durably);
  } else if (const auto* b = std::get_if<action::SetAside>(&action)) {
    if (const auto held = unsaved_.find(b->sequence); held != unsaved_.end()) {
      (void)spool_->store(held->second.record, held->second.signed_batch);
      unsaved_.erase(held);
    }
    spool_->set_aside(b->sequence);
  } else if (const auto* c = std::get_if<action::Send>(&action)) {
    return send(*c);
  } else if (const auto* d = std::get_if<action::Tell>(&action)) {
    hooks_.tell(d->is_warning, d->text);
  }
  return {};
}

Actions Outbox::store(std::uint64_t sequence) {
  const MonotonicTime now = clock_.now();
  const auto made = unsaved_.find(sequence);
  if (made == unsaved_.end()) return {};
  const Status stored = spool_->store(made->second.record, made->second.signed_batch);
  if (!stored) return delivery_.store_failed(sequence, stored.error().reason, now);
  unsaved_.erase(made);
  return delivery_.stored(sequence, now);
}

// What an unreadable batch asks for waits its turn, as everything does: notes that are older than its own may wait
// before it, and must not be written after them.
Actions Outbox::send(const action::Send& send) {
  Actions more;
  std::vector<std::string> batches;
  for (const std::uint64_t sequence : send.sequences) {
    if (const auto held = unsaved_.find(sequence); held != unsaved_.end()) {
      batches.push_back(held->second.signed_batch);
      continue;
    }
    auto loaded = spool_->load(sequence);
    if (loaded) {
      batches.push_back(std::move(*loaded));
    } else {
      Actions asked = delivery_.unreadable(sequence, loaded.error().reason, clock_.now());
      more.insert(more.end(), std::make_move_iterator(asked.begin()), std::make_move_iterator(asked.end()));
    }
  }
  if (!batches.empty()) hooks_.post(send.request, std::move(batches));
  return more;
}

}  // namespace gnomon::probe
