#pragma once

// What the live state tells: plain values, copied out, free to cross threads.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/change_text.h"
#include "analysis/path_state.h"
#include "core/clock.h"
#include "core/ids.h"
#include "schema/delay_window.h"

namespace gnomon::server {

using analysis::PathState;

// Who measures what: fixed for a path, but for address and sites, which the newest batch tells. Shared, immutable.
struct PathIdentity {
  PathId id;
  ProbeId probe;
  std::string source_site;
  std::string plan_item;
  std::string method;
  std::string target;
  std::string target_site;
  int family = 0;  // 4 or 6
  std::string address;
  std::string access;
  std::uint32_t interval_ms = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t dscp = 0;
  std::uint32_t port = 0;
  friend bool operator==(const PathIdentity&, const PathIdentity&) = default;

  // The site, with its access behind it where it has a second one: "gz", "gz-5g". The probe's first digits where no
  // site is known.
  [[nodiscard]] std::string vantage() const;
  [[nodiscard]] analysis::PathNames names() const;
};

// The last 60 s of a path, by its windows' own times.
struct MinuteFigures {
  std::uint64_t windows = 0;
  std::uint64_t sent = 0, received = 0, lost = 0, duplicated = 0, reordered = 0;
  std::optional<double> loss_ratio;
  std::optional<Nanoseconds> rtt_min, rtt_p50, rtt_p95, rtt_p99, rtt_max;
  std::optional<Nanoseconds> forward_p50, backward_p50, ipdv_p99;
  std::optional<std::uint64_t> lost_forward, lost_backward;
};

struct PathView {
  std::shared_ptr<const PathIdentity> identity;
  PathState state = PathState::kUnknown;
  std::optional<WallTime> since;
  std::optional<WallTime> last;  // end of the newest window
  std::optional<schema::Outcome> outcome;
  schema::TimestampSource timestamp_source = schema::TimestampSource::kUnknown;
  std::optional<Nanoseconds> error_bound;
  std::optional<Nanoseconds> clock_bound;
  bool during_test = false;  // a speed test filled an access at either end in the newest window
  MinuteFigures minute;
};

struct PathCounts {
  std::array<std::uint64_t, analysis::kPathStates> of{};  // by PathState
  std::uint64_t total = 0;
  [[nodiscard]] std::uint64_t in(PathState state) const { return of[static_cast<std::size_t>(state)]; }
};

struct VantageLink {
  std::string name;
  bool up = false;
  std::uint64_t speed_mbit = 0;  // 0: not known
  std::uint64_t rx_errors = 0, tx_errors = 0;
};

struct VantageFamily {
  int family = 0;
  bool has_address = false, has_default_route = false, gateway_answers = false;
  std::string gateway;
};

struct VantageClock {
  bool synchronised = false;
  std::optional<Nanoseconds> bound;
  Nanoseconds stepped{};
  std::string source;
};

struct Vantage {
  std::vector<VantageLink> links;
  std::vector<VantageFamily> families;
  std::optional<VantageClock> clock;
  double cpu_busy_ratio = 0;
  std::uint64_t spool_bytes = 0, spool_limit_bytes = 0, spool_batches = 0;
  std::uint64_t packets_late = 0;
  bool sick = false;
  std::vector<std::string> complaints;
};

enum class ProbeState : std::uint8_t { kNever, kAlive, kSilent, kSick };
std::string_view to_string(ProbeState state);

struct ProbeView {
  ProbeId id;
  std::string name;
  std::string site;
  std::string version;
  std::string plan_revision;
  ProbeState state = ProbeState::kNever;
  std::optional<WallTime> last_seen;  // when its newest batch arrived, by the server's clock
  std::uint64_t sequence = 0;
  std::uint64_t paths = 0;
  std::uint64_t dropped_windows = 0;
  std::optional<Vantage> vantage;
};

struct ChangedPath {
  PathId path;
  bool by_loss = false;                           // else by delay
  double before = 0, after = 0;                   // ratio, or nanoseconds
  std::vector<std::optional<Nanoseconds>> spark;  // rtt_p50 per minute, oldest first
};

struct Overview {
  PathCounts counts;
  std::optional<Nanoseconds> rtt_p50, rtt_p99;  // over all packets of the last minute
  std::optional<double> loss_ratio;
  std::uint64_t ipv6_good = 0, ipv6_total = 0;
  std::optional<Nanoseconds> ipv6_minus_ipv4;  // median over pairs that differ only in family
  std::vector<ChangedPath> changed;            // the most changed first
};

}  // namespace gnomon::server
