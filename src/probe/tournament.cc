#include "probe/tournament.h"

#include <algorithm>

namespace gnomon::probe {

namespace {

// Players of the circle: an odd number gets one more, whom to meet is to rest.
std::size_t players(std::size_t nodes) {
  return nodes + nodes % 2;
}

}  // namespace

std::uint64_t tournament_rounds(std::size_t nodes) {
  return nodes < 2 ? 0 : players(nodes) - 1;
}

std::optional<std::size_t> tournament_opponent(std::size_t nodes, std::size_t self, std::uint64_t round) {
  if (nodes < 2 || self >= nodes) return std::nullopt;
  // The last player stands still; the others sit on a circle of `seats` and meet whose number, added to theirs, is the
  // round's. Who would meet itself meets the last player.
  const std::size_t seats = players(nodes) - 1;
  const auto turn = static_cast<std::size_t>(round % seats);
  std::size_t opponent = 0;
  if (self == seats) {
    // 2 s ≡ turn (mod seats), and seats is odd.
    opponent = turn % 2 == 0 ? turn / 2 : (turn + seats) / 2;
  } else {
    opponent = (turn + seats - self) % seats;
    if (opponent == self) opponent = seats;
  }
  if (opponent >= nodes) return std::nullopt;
  return opponent;
}

std::optional<TestSlot> next_slot(std::size_t nodes, std::size_t self, WallTime now, const SlotOptions& options) {
  const std::uint64_t rounds = tournament_rounds(nodes);
  if (rounds == 0 || self >= nodes || options.every <= Nanoseconds{}) return std::nullopt;
  const auto start_of = [&](std::uint64_t round) {
    return WallTime{options.every * static_cast<std::int64_t>(round) + options.guard};
  };
  const auto elapsed = std::max<std::int64_t>(0, now.since_epoch / options.every);
  auto round = static_cast<std::uint64_t>(elapsed);
  if (start_of(round) < now) ++round;
  // It rests in one round of a tournament at most.
  for (std::uint64_t tried = 0; tried <= rounds; ++tried, ++round) {
    const auto opponent = tournament_opponent(nodes, self, round);
    if (!opponent) continue;
    const bool lower_begins = round / rounds % 2 == 0;
    const WallTime start = start_of(round);
    return TestSlot{round, *opponent, (self < *opponent) == lower_begins, start,
                    start + (options.every - 2 * options.guard)};
  }
  return std::nullopt;
}

}  // namespace gnomon::probe
