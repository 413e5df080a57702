#pragma once

// The kernel's side of a lab: one anonymous network namespace per site and one for the emulator, veth pairs between
// them, addresses, neighbours and routes. One thread at a time; the namespaces vanish with this object's last
// descriptor.

#include <cstddef>
#include <memory>
#include <vector>

#include "core/error.h"
#include "lab/region.h"
#include "lab/routing.h"
#include "net/namespace.h"

namespace gnomon::lab {

// The index of the emulator's first interface; see emulator.h.
inline constexpr int kFirstEmulatorInterface = 1000;

class SiteNetwork {
 public:
  // Builds everything; an Error names the first step that the kernel refused.
  static Result<std::unique_ptr<SiteNetwork>> build(const Region& region, const RoutingTable& routes);

  [[nodiscard]] const net::Namespace& site(std::size_t index) const { return sites_[index]; }
  [[nodiscard]] const net::Namespace& emulator() const { return *emulator_; }
  [[nodiscard]] net::NamespaceRunner& runner() { return runner_; }

  // Makes the kernel's routes those of `routes`.
  Status set_routes(const Region& region, const RoutingTable& routes);
  // The MTU of the link's interface at both sites. After a larger one, every site forgets the path MTUs that it learnt,
  // which it would otherwise keep for ten minutes.
  Status set_mtu(const Region& region, const RoutingTable& routes, std::size_t link, std::uint32_t mtu);

 private:
  SiteNetwork() = default;
  Status create_namespaces(const Region& region);
  Status create_links(const Region& region);
  Status configure_site(const Region& region, std::size_t site);
  Status add_routes(const Region& region, const RoutingTable& routes, std::size_t site);

  net::NamespaceRunner runner_;
  std::unique_ptr<net::Namespace> emulator_;
  std::vector<net::Namespace> sites_;
};

// What the sites' interfaces are set to for these settings: the smaller of both directions' MTUs, except where a
// setting says that the sites don't know it.
std::uint32_t interface_mtu(const DirectionSettings& forward, const DirectionSettings& backward);

}  // namespace gnomon::lab
