#pragma once

// The state of a network namespace's links, addresses, default routes and neighbours (rtnetlink(7)), read through
// sockets that live there. Belongs to one thread. A reading takes well under a millisecond on an ordinary host.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/units.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::probe {

struct LinkReading {
  std::uint32_t index = 0;
  std::string name;
  bool up = false;  // administratively, and with a carrier
  bool loopback = false;
  std::uint64_t speed_mbit = 0;  // 0 when unknown
  std::uint64_t rx_errors = 0;
  std::uint64_t tx_errors = 0;
};

struct AddressReading {
  std::uint32_t link = 0;
  Family family = Family::kIpv4;
  bool usable = false;  // of wider scope than the link, and not tentative or failed
};

struct RouteReading {
  Family family = Family::kIpv4;
  std::uint32_t link = 0;
  bool is_default = false;
  std::optional<net::Address> gateway;
};

struct NeighbourReading {
  std::uint32_t link = 0;
  net::Address address;
  bool failed = false;  // asked for and not found (NUD_FAILED, NUD_INCOMPLETE)
};

struct NetworkReading {
  std::vector<LinkReading> links;
  std::vector<AddressReading> addresses;
  std::vector<RouteReading> routes;  // unicast routes of the main table that lead beyond a link, and default routes
  std::vector<NeighbourReading> neighbours;
};

class NetworkSensor {
 public:
  static Result<NetworkSensor> open(net::SocketSpace& space);
  Result<NetworkReading> read();

 private:
  NetworkSensor(net::FileDescriptor netlink, net::FileDescriptor datagram)
      : netlink_(std::move(netlink)), datagram_(std::move(datagram)) {}

  net::FileDescriptor netlink_;
  net::FileDescriptor datagram_;  // for ethtool's ioctl, which looks at the socket's namespace
  std::uint32_t sequence_ = 0;
};

}  // namespace gnomon::probe
