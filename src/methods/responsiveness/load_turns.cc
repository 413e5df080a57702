#include "methods/responsiveness/load_turns.h"

#include <algorithm>

namespace gnomon::methods::responsiveness {
namespace {

tl::unexpected<Error> not_now(const net::Address& who, std::string reason) {
  return failure(ErrorCode::kUnavailable, "fill the line for", net::to_string(who), std::move(reason));
}

}  // namespace

Result<LoadTurns::Turn*> LoadTurns::turn_of(const net::Address& who, std::chrono::seconds& again) {
  const auto now = clock_.now();
  const auto found = turns_.find(who);
  if (found != turns_.end()) {
    auto& turn = *found->second;
    // A client that comes again at once while nobody waits begins anew.
    if (turn.count == 0 && queue_.waiting() == 0) turn.begun = now;
    const auto left = options_.most_of_turn - (now - turn.begun);
    if (left > Nanoseconds{}) return &turn;
    again = std::chrono::ceil<std::chrono::seconds>(options_.pause);
    return not_now(who, "its turn is over");
  }
  auto place = queue_.enter(net::to_string(who), options_.most_of_turn, options_.where);
  if (!place) {
    again = std::chrono::ceil<std::chrono::seconds>(options_.most_of_turn);
    return tl::unexpected(place.error());
  }
  if (const auto ahead = place->ahead(); ahead.tests > 0) {
    again = std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(ahead.time));
    return not_now(who, "another test runs");
  }
  return turns_.emplace(who, std::make_shared<Turn>(Turn{std::move(*place), now, now, 0})).first->second.get();
}

Result<std::shared_ptr<void>> LoadTurns::begin(const net::Address& who, std::chrono::seconds& again) {
  const auto turn = turn_of(who, again);
  if (!turn) return tl::unexpected(turn.error());
  if ((*turn)->count >= options_.flows) {
    again = std::chrono::seconds(1);
    return not_now(who, "too many flows");
  }
  ++(*turn)->count;
  // The flow holds the turn's record, so that it may end in any order with the turns and this object.
  const auto record = turns_.at(who);
  return std::shared_ptr<void>(record.get(), [record, clock = &clock_](void*) {
    --record->count;
    record->last_flow = clock->now();
  });
}

bool LoadTurns::has_had_its_pause(const Turn& turn) const {
  if (turn.count > 0) return false;
  const auto paused = clock_.now() - turn.last_flow;
  return paused >= options_.pause || (paused >= options_.pause_before_own && turn.place.is_followed_by_own());
}

void LoadTurns::tidy() {
  std::erase_if(turns_, [this](const auto& entry) { return has_had_its_pause(*entry.second); });
}

}  // namespace gnomon::methods::responsiveness
