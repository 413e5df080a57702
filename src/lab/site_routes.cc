#include "lab/site_routes.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <map>

#include "lab/addressing.h"

namespace gnomon::lab {

namespace {

// A next hop as the kernel wants it.
struct Gateway {
  int interface = 0;
  AddressPair address;
};

template <typename Address>
Address address_of(const AddressPair& pair) {
  if constexpr (std::tuple_size_v<Address> == 4) {
    return pair.ipv4;
  } else {
    return pair.ipv6;
  }
}

// `prefix` is 0 for a default route, else the whole address.
template <typename Address>
void put_route(NetlinkBatch& batch, std::uint16_t type, const Address& destination, bool is_default,
               const std::vector<Gateway>& gateways, const Address& source) {
  rtmsg header{};
  header.rtm_family = destination.size() == 4 ? AF_INET : AF_INET6;
  header.rtm_dst_len = is_default ? 0 : static_cast<unsigned char>(destination.size() * 8);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  batch.begin(type, type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0, header,
              "route to " + to_text(destination));
  if (!is_default) batch.put(RTA_DST, destination);
  if (type == RTM_DELROUTE) return;
  batch.put(RTA_PREFSRC, source);
  if (gateways.size() == 1) {
    batch.put(RTA_GATEWAY, address_of<Address>(gateways[0].address));
    batch.put_u32(RTA_OIF, static_cast<std::uint32_t>(gateways[0].interface));
    return;
  }
  const std::size_t nest = batch.begin_nest(RTA_MULTIPATH);
  for (const Gateway& gateway : gateways) {
    rtnexthop hop{};
    hop.rtnh_ifindex = gateway.interface;
    const std::size_t place = batch.put_raw(std::as_bytes(std::span(&hop, 1)));
    batch.put(RTA_GATEWAY, address_of<Address>(gateway.address));
    batch.patch_u16(place, static_cast<std::uint16_t>(batch.size() - place));
  }
  batch.end_nest(nest);
}

class RouteWriter {
 public:
  RouteWriter(std::size_t site, NetlinkBatch& wanted, NetlinkBatch& unwanted)
      : source_(site_address(site)), wanted_(wanted), unwanted_(unwanted) {}

  Status learn_interfaces(const Region& region, std::size_t site) {
    for (const SiteInterface& interface : site_interfaces(region, site)) {
      const int index = static_cast<int>(::if_nametoindex(interface.name.c_str()));
      if (index == 0) return errno_failure(errno, "find interface", interface.name);
      gateways_[interface.link] = {index, link_address(interface.link, 1 - interface.end)};
    }
    return {};
  }

  void route(const AddressPair& destination, const std::vector<NextHop>& hops, bool is_default = false) {
    NetlinkBatch& batch = hops.empty() ? unwanted_ : wanted_;
    const std::uint16_t type = hops.empty() ? RTM_DELROUTE : RTM_NEWROUTE;
    std::vector<Gateway> gateways;
    for (const NextHop& hop : hops) gateways.push_back(gateways_.at(hop.link));
    put_route(batch, type, destination.ipv4, is_default, gateways, source_.ipv4);
    put_route(batch, type, destination.ipv6, is_default, gateways, source_.ipv6);
  }

 private:
  AddressPair source_;
  NetlinkBatch& wanted_;
  NetlinkBatch& unwanted_;
  std::map<std::size_t, Gateway> gateways_;
};

}  // namespace

std::vector<SiteInterface> site_interfaces(const Region& region, std::size_t site) {
  std::vector<SiteInterface> interfaces;
  for (std::size_t link = 0; link < region.links.size(); ++link) {
    const Link& ends = region.links[link];
    if (ends.a != site && ends.b != site) continue;
    interfaces.push_back({"eth" + std::to_string(interfaces.size()), link, ends.a == site ? 0 : 1});
  }
  return interfaces;
}

Status put_site_routes(const Region& region, const RoutingTable& routes, std::size_t site, NetlinkBatch& wanted,
                       NetlinkBatch& unwanted) {
  RouteWriter writer(site, wanted, unwanted);
  if (Status status = writer.learn_interfaces(region, site); !status) return status;
  const auto interfaces = site_interfaces(region, site);
  if (!region.sites[site].transit && !interfaces.empty()) {
    const auto nearest = std::min_element(interfaces.begin(), interfaces.end(), [&](const auto& x, const auto& y) {
      return region.links[x.link].cost < region.links[y.link].cost;
    });
    const Link& link = region.links[nearest->link];
    writer.route({}, {{nearest->link, nearest->end == 0 ? link.b : link.a}}, true);
    if (interfaces.size() == 1) return {};
  }
  std::vector<std::vector<AddressPair>> addresses(region.sites.size());
  for (std::size_t other = 0; other < region.sites.size(); ++other) addresses[other].push_back(site_address(other));
  for (std::size_t link = 0; link < region.links.size(); ++link) {
    const Link& ends = region.links[link];
    if (ends.a == site || ends.b == site) continue;  // On the link: the kernel's own route does it.
    addresses[ends.a].push_back(link_address(link, 0));
    addresses[ends.b].push_back(link_address(link, 1));
  }
  for (std::size_t other = 0; other < region.sites.size(); ++other) {
    if (other == site) continue;
    for (const AddressPair& address : addresses[other]) writer.route(address, routes.next_hops(site, other));
  }
  return {};
}

}  // namespace gnomon::lab
