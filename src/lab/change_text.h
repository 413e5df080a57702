#pragma once

// What a change to a link did, in a sentence. Pure functions.

#include <string>
#include <string_view>

#include "core/clock.h"
#include "lab/routing.h"

namespace gnomon::lab {

struct LinkSnapshot;

struct ChangeText {
  std::string en;
  std::string zh;
};

struct Rerouting {
  enum Kind : std::uint8_t { kStay, kPlanned, kDone } kind = kStay;
  Nanoseconds time{0};  // Planned: after this long. Done: it took this long.
};

ChangeText failed_text(std::string_view link, bool was_up, const PairUse& use, const Rerouting& rerouting);
ChangeText healed_text(std::string_view link, bool was_down, const PairUse& use, bool routes_were_round);
ChangeText set_text(const LinkSnapshot& link);

}  // namespace gnomon::lab
