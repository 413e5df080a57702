#include "lab/site_network.h"

#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lab/addressing.h"
#include "lab/offload.h"
#include "lab/rtnetlink.h"
#include "lab/site_routes.h"
#include "lab/sysctl.h"

namespace gnomon::lab {

namespace {

constexpr std::uint32_t kEmulatorMtu = 9216;  // Above every link's: the emulator itself drops what is too big.

ifinfomsg interface_header(int index, unsigned flags) {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_index = index;
  header.ifi_flags = flags;
  header.ifi_change = flags;
  return header;
}

// One veth: the emulator's end is made here and is up; the site's end is born inside the site's namespace.
void put_veth(NetlinkBatch& batch, const Region& region, std::size_t link, int end, int site_fd, int site_interface) {
  const int index = kFirstEmulatorInterface + static_cast<int>(2 * link) + end;
  const std::string name = "link" + std::to_string(link) + (end == 0 ? "a" : "b");
  batch.begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, interface_header(index, IFF_UP), "link " + region.links[link].id);
  batch.put_text(IFLA_IFNAME, name);
  batch.put_u32(IFLA_MTU, kEmulatorMtu);
  batch.put_u32(IFLA_NUM_TX_QUEUES, 1);
  batch.put_u32(IFLA_NUM_RX_QUEUES, 1);
  const std::size_t kind = batch.begin_nest(IFLA_LINKINFO);
  batch.put_text(IFLA_INFO_KIND, "veth");
  const std::size_t options = batch.begin_nest(IFLA_INFO_DATA);
  const std::size_t peer = batch.begin_nest(VETH_INFO_PEER);
  const ifinfomsg header = interface_header(0, 0);
  batch.put_raw(std::as_bytes(std::span(&header, 1)));
  batch.put_text(IFLA_IFNAME, "eth" + std::to_string(site_interface));
  batch.put_u32(IFLA_NET_NS_FD, static_cast<std::uint32_t>(site_fd));
  batch.put_u32(IFLA_MTU, interface_mtu(region.links[link].forward, region.links[link].backward));
  batch.put_u32(IFLA_NUM_TX_QUEUES, 1);
  batch.put_u32(IFLA_NUM_RX_QUEUES, 1);
  batch.put(IFLA_ADDRESS, link_mac(link, end));
  batch.end_nest(peer);
  batch.end_nest(options);
  batch.end_nest(kind);
}

template <typename Address>
void put_address(NetlinkBatch& batch, int interface, const Address& address, std::uint8_t prefix) {
  ifaddrmsg header{};
  header.ifa_family = address.size() == 4 ? AF_INET : AF_INET6;
  header.ifa_prefixlen = prefix;
  header.ifa_index = static_cast<unsigned>(interface);
  header.ifa_flags = IFA_F_NODAD;
  batch.begin(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, header, "address " + to_text(address));
  batch.put(IFA_LOCAL, address);
  batch.put(IFA_ADDRESS, address);
}

// A permanent entry: no packet of a link is ever spent on finding a neighbour, or lost for want of one.
template <typename Address>
void put_neighbour(NetlinkBatch& batch, int interface, const Address& address, const MacBytes& mac) {
  ndmsg header{};
  header.ndm_family = address.size() == 4 ? AF_INET : AF_INET6;
  header.ndm_ifindex = interface;
  header.ndm_state = NUD_PERMANENT;
  header.ndm_flags = address.size() == 4 ? 0 : NTF_ROUTER;
  batch.begin(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, header, "neighbour " + to_text(address));
  batch.put(NDA_DST, address);
  batch.put(NDA_LLADDR, mac);
}

}  // namespace

std::uint32_t interface_mtu(const DirectionSettings& forward, const DirectionSettings& backward) {
  const auto known = [](const DirectionSettings& settings) {
    return settings.blackhole ? std::max(settings.mtu, 1500U) : settings.mtu;
  };
  return std::min(known(forward), known(backward));
}

Result<std::unique_ptr<SiteNetwork>> SiteNetwork::build(const Region& region, const RoutingTable& routes) {
  std::unique_ptr<SiteNetwork> network(new SiteNetwork);
  if (Status status = network->create_namespaces(region); !status) return tl::unexpected(status.error());
  if (Status status = network->create_links(region); !status) return tl::unexpected(status.error());
  for (std::size_t site = 0; site < region.sites.size(); ++site) {
    if (Status status = network->configure_site(region, site); !status) return tl::unexpected(status.error());
  }
  if (Status status = network->set_routes(region, routes); !status) return tl::unexpected(status.error());
  return network;
}

Status SiteNetwork::create_namespaces(const Region& region) {
  auto emulator = net::Namespace::create();
  if (!emulator) return tl::unexpected(emulator.error());
  emulator_ = std::make_unique<net::Namespace>(std::move(*emulator));
  if (Status status = runner_.call(*emulator_, [] { return prepare_emulator_sysctls(); }); !status) return status;
  for (std::size_t i = 0; i < region.sites.size(); ++i) {
    auto site = net::Namespace::create();
    if (!site) return tl::unexpected(site.error());
    sites_.push_back(std::move(*site));
    if (Status status = runner_.call(sites_.back(), [] { return prepare_site_sysctls(); }); !status) return status;
  }
  return {};
}

Status SiteNetwork::create_links(const Region& region) {
  std::vector<int> next(region.sites.size(), 0);
  NetlinkBatch batch;
  for (std::size_t link = 0; link < region.links.size(); ++link) {
    for (int end = 0; end < 2; ++end) {
      const std::size_t site = end == 0 ? region.links[link].a : region.links[link].b;
      put_veth(batch, region, link, end, sites_[site].fd(), next[site]++);
    }
  }
  return runner_.call(*emulator_, [&]() -> Status {
    auto netlink = Netlink::open();
    if (!netlink) return tl::unexpected(netlink.error());
    return netlink->send(batch);
  });
}

Status SiteNetwork::configure_site(const Region& region, std::size_t site) {
  return runner_.call(sites_[site], [&]() -> Status {
    auto netlink = Netlink::open();
    if (!netlink) return tl::unexpected(netlink.error());
    NetlinkBatch batch;
    batch.begin(RTM_NEWLINK, 0, interface_header(1, IFF_UP), "interface lo");
    put_address(batch, 1, site_address(site).ipv4, 32);
    put_address(batch, 1, site_address(site).ipv6, 128);
    for (const SiteInterface& interface : site_interfaces(region, site)) {
      const int index = static_cast<int>(::if_nametoindex(interface.name.c_str()));
      if (index == 0) return errno_failure(errno, "find interface", interface.name);
      if (Status status = turn_offloads_off(interface.name); !status) return status;
      batch.begin(RTM_NEWLINK, 0, interface_header(index, IFF_UP), "interface " + interface.name);
      batch.put_text(IFLA_IFALIAS, region.links[interface.link].id);
      const AddressPair own = link_address(interface.link, interface.end);
      const AddressPair far = link_address(interface.link, 1 - interface.end);
      put_address(batch, index, own.ipv4, 31);
      put_address(batch, index, own.ipv6, 64);
      put_neighbour(batch, index, far.ipv4, link_mac(interface.link, 1 - interface.end));
      put_neighbour(batch, index, far.ipv6, link_mac(interface.link, 1 - interface.end));
    }
    return netlink->send(batch);
  });
}

Status SiteNetwork::add_routes(const Region& region, const RoutingTable& routes, std::size_t site) {
  return runner_.call(sites_[site], [&]() -> Status {
    auto netlink = Netlink::open();
    if (!netlink) return tl::unexpected(netlink.error());
    NetlinkBatch wanted;
    NetlinkBatch unwanted;
    if (Status status = put_site_routes(region, routes, site, wanted, unwanted); !status) return status;
    // Routes that are not there cannot be deleted: that is as good.
    if (const Status gone = netlink->send(unwanted); !gone) (void)gone;
    return netlink->send(wanted);
  });
}

Status SiteNetwork::set_routes(const Region& region, const RoutingTable& routes) {
  for (std::size_t site = 0; site < region.sites.size(); ++site) {
    if (Status status = add_routes(region, routes, site); !status) return status;
  }
  return {};
}

Status SiteNetwork::set_mtu(const Region& region, const RoutingTable& routes, std::size_t link, std::uint32_t mtu) {
  for (const std::size_t site : {region.links[link].a, region.links[link].b}) {
    Status status = runner_.call(sites_[site], [&]() -> Status {
      auto netlink = Netlink::open();
      if (!netlink) return tl::unexpected(netlink.error());
      NetlinkBatch batch;
      for (const SiteInterface& interface : site_interfaces(region, site)) {
        if (interface.link != link) continue;
        const int index = static_cast<int>(::if_nametoindex(interface.name.c_str()));
        if (index == 0) return errno_failure(errno, "find interface", interface.name);
        batch.begin(RTM_NEWLINK, 0, interface_header(index, 0), "MTU of " + region.links[link].id);
        batch.put_u32(IFLA_MTU, mtu);
      }
      return netlink->send(batch);
    });
    if (!status) return status;
  }
  for (const net::Namespace& site : sites_) {
    if (Status status = runner_.call(site, [] { return forget_path_mtus(); }); !status) return status;
  }
  return set_routes(region, routes);  // New IPv6 routes begin without what was learnt.
}

}  // namespace gnomon::lab
