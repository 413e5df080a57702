#pragma once

// When two sites of a mesh may test the way between them, without anybody to ask: from the plan and the clock alone.
//
// A round-robin tournament by the circle method (Kirkman 1847): n nodes meet each other once in n − 1 rounds (n rounds
// when n is odd, and one node rests in each), and in every round each node meets at most one. Rounds are slots of the
// wall clock, the same for everybody. What is tested in a slot begins after a guard and ends before another, so that
// two nodes whose clocks differ by less than the guard are never in two tests.
//
// Pure functions.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"

namespace gnomon::probe {

// Rounds until everybody has met everybody; 0 for fewer than two nodes.
std::uint64_t tournament_rounds(std::size_t nodes);
// Whom `self` meets in `round` (any number; it repeats); nothing when it rests. The other one is told the same.
std::optional<std::size_t> tournament_opponent(std::size_t nodes, std::size_t self, std::uint64_t round);

struct SlotOptions {
  Nanoseconds every{};  // from one slot's start to the next's
  Nanoseconds guard{};  // free at both ends of a slot; less than half of `every`
};

// A slot that `self` takes part in.
struct TestSlot {
  std::uint64_t round = 0;   // since 1970
  std::size_t opponent = 0;  // index of the other node
  bool begins = false;       // this node starts the test, the other one answers; turns change every tournament
  WallTime start;            // not before
  WallTime end;              // not after
};

// The next slot of `self` whose start is not before `now`; nothing for fewer than two nodes.
std::optional<TestSlot> next_slot(std::size_t nodes, std::size_t self, WallTime now, const SlotOptions& options);

}  // namespace gnomon::probe
