#pragma once

// The radio of a capacity test's client, as the kernel tells it, in the terms of a transfer. Pure.

#include "net/radio_link.h"
#include "schema/transfer.h"

namespace gnomon::methods {

inline schema::RadioState radio_state(const net::RadioLink& link, schema::Direction direction) {
  schema::RadioState state{true, link.signal_dbm, std::nullopt};
  const auto& bps = direction == schema::Direction::kDown ? link.receive_bps : link.transmit_bps;
  if (bps) state.link_bps = static_cast<double>(*bps);
  return state;
}

}  // namespace gnomon::methods
