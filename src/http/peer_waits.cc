#include "http/peer_waits.h"

#include <iterator>

namespace gnomon::http {

PeerWaits::Place::Place(PeerWaits& waits, WaitFor what, Time since, const std::function<void()>& end)
    : waits_(&waits), what_(what), since_(since), end_(end) {
  auto& list = waits.of(what);
  // A body's time counts from its beginning, however often it is waited for: look for the place from the young end.
  auto after = list.end();
  while (after != list.begin() && (*std::prev(after))->since_ > since) --after;
  at_ = list.insert(after, this);
}

PeerWaits::Place::~Place() {
  if (waits_ != nullptr) waits_->of(what_).erase(at_);
}

bool PeerWaits::end_longest(WaitFor what, Time now, std::chrono::nanoseconds patience) {
  auto& list = of(what);
  if (list.empty()) return false;
  Place* const oldest = list.front();
  if (now - oldest->since_ < patience) return false;
  list.pop_front();
  oldest->waits_ = nullptr;
  oldest->end_();
  return true;
}

}  // namespace gnomon::http
