#pragma once

// What Wi-Fi says of itself (nl80211): how strong its signal is, and what it has negotiated. Whether a capacity test
// was limited by the radio cannot be told from packets alone.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::net {

// Of the connection to the access point; what the driver does not tell is nothing.
struct RadioLink {
  std::optional<int> signal_dbm;                           // mean of what was received lately
  std::optional<std::uint64_t> transmit_bps, receive_bps;  // PHY rates
  friend bool operator==(const RadioLink&, const RadioLink&) = default;
};

// Of the link over which packets to `peer` leave, when that is Wi-Fi and its state can be read, which takes no
// privilege. Blocks for well under a millisecond. Thread-safe.
std::optional<RadioLink> radio_towards(SocketSpace& space, const Address& peer);

// The attributes of a message NL80211_CMD_NEW_STATION, behind its generic netlink header (linux/nl80211.h).
std::optional<RadioLink> decode_station(std::span<const std::byte> attributes);

}  // namespace gnomon::net
