#pragma once

// The region as the server sees it: the lab, or the user's own sites. The server knows neither; whoever composes the
// program (src/cli/) hands in an implementation. PlanRegion (plan_region.h) stands for one's own network.
//
// Every function may be called from any thread at once. Handlers given to on_link_change are called on any thread, one
// at a time, after the change is in force, and must return soon.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/figure_text.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/ids.h"

namespace gnomon::server {

using analysis::Text;

struct RegionSite {
  std::string id;
  Text name;
  std::string kind = "site";       // "city", "datacentre", "exchange", "cloud", "factory", "road", "router", "site"
  std::optional<double> latitude;  // degrees, WGS-84
  std::optional<double> longitude;
  std::vector<std::string> access;  // "fixed", "5g"
  std::optional<ProbeId> probe;     // filled from what the probes say of themselves when the region does not know
};

struct LinkSettings {
  std::int64_t delay_us = 0;
  std::int64_t jitter_us = 0;
  double loss_ratio = 0;
  std::int64_t rate_bps = 0;  // 0: not limited
  double queue_ms = 0;
  double reorder_ratio = 0;
  double duplicate_ratio = 0;
  std::int64_t mtu = 0;  // 0: the interface's own
};

// Only what is named changes.
struct LinkSettingsChange {
  std::optional<std::int64_t> delay_us, jitter_us, rate_bps, mtu;
  std::optional<double> loss_ratio, queue_ms, reorder_ratio, duplicate_ratio;
};

struct RegionLink {
  std::string id;
  std::string a, b;  // sites
  std::string kind;  // "core", "metro", "access-fixed", "access-5g"
  bool up = true;
  LinkSettings forward;   // from a to b
  LinkSettings backward;  // from b to a
  bool changed = false;   // not as the region file says
};

struct RegionSnapshot {
  std::string name;
  bool lab = false;
  Text title;
  std::optional<std::array<double, 4>> bounds;  // west, south, east, north
  std::vector<RegionSite> sites;                // in the order in which people list them
  std::vector<RegionLink> links;
};

struct DelayTruth {
  Nanoseconds min{}, p50{}, p95{}, p99{}, max{};
};

struct DirectionTruth {
  std::uint64_t forwarded = 0, forwarded_bytes = 0;
  std::uint64_t dropped_loss = 0, dropped_queue = 0, dropped_down = 0, dropped_mtu = 0, dropped_police = 0;
  std::uint64_t duplicated = 0, reordered = 0;
  std::optional<DelayTruth> delay;
};

struct LinkTruth {
  std::string id, a, b;
  DirectionTruth forward, backward;
};

enum class LinkAction : std::uint8_t { kFail, kHeal, kSet };

struct LinkCommand {
  std::string link;
  LinkAction action = LinkAction::kFail;
  std::string direction;        // "A-B" by site ids; empty: both
  LinkSettingsChange settings;  // of kSet
};

struct LinkOutcome {
  RegionLink link;
  Text message;  // what was done, and what it means for routes
  std::optional<std::uint64_t> paths_using;
};

struct LinkEvent {
  LinkAction action = LinkAction::kFail;
  std::string direction;
  RegionLink link;  // as it is now
  WallTime at;
};

class RegionControl {
 public:
  virtual ~RegionControl() = default;
  [[nodiscard]] virtual RegionSnapshot snapshot() const = 0;
  // kNotFound for an unknown link or where no lab runs; kInvalidArgument for a direction or setting that cannot be.
  virtual Result<LinkOutcome> control(const LinkCommand& command) = 0;
  virtual Result<std::vector<LinkTruth>> truth() const = 0;
  virtual void on_link_change(std::function<void(const LinkEvent&)> handler) = 0;
  // The links that packets from one site to another take now; nothing where the region cannot tell.
  [[nodiscard]] virtual std::optional<std::vector<std::string>> route(std::string_view /*source_site*/,
                                                                      std::string_view /*target_site*/,
                                                                      int /*family*/) const {
    return std::nullopt;
  }
  // What to type before a command so that it runs at that vantage: "gnomon lab exec gz -- "; empty: as it is.
  [[nodiscard]] virtual std::string run_at(std::string_view /*site*/, std::string_view /*access*/) const { return {}; }
};

}  // namespace gnomon::server
