#pragma once

// A plan: what may be measured, by whom, and how fast (docs/guides/plan.md, docs/schema/plan.schema.json).
//
// One plan serves every probe; each takes the items whose sources name it (schedule.h). A probe measures nothing that
// its plan does not name. Plain values, immutable once parsed; may be copied across threads.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/units.h"

namespace gnomon::probe {

enum class Method : std::uint8_t { kEcho, kStamp };
std::string_view to_string(Method method);

enum class FamilyChoice : std::uint8_t { kBoth, kIpv4, kIpv6 };

// What is measured: one or two literal addresses, or a name to resolve.
struct Target {
  std::string name;
  std::vector<std::string> addresses;  // literal, canonical text, at most one of each family
  std::string host;                    // a DNS name, or empty
  std::string site;                    // where it stands; empty when not known
  std::string access;                  // which access network of the site; empty when there is but one
  Port port;                           // UDP port of the reflector; 0: the measurement's

  friend bool operator==(const Target&, const Target&) = default;
};

struct Options {
  Method method = Method::kEcho;
  FamilyChoice family = FamilyChoice::kBoth;
  Nanoseconds interval = std::chrono::seconds(1);  // between two packets of a path
  Nanoseconds timeout = std::chrono::seconds(2);   // after which an answer counts as late
  Nanoseconds window = std::chrono::seconds(10);   // length of a result
  std::uint32_t payload_bytes = 56;                // after the ICMP or UDP header; stamp has at least 44
  Dscp dscp{0};
  Port port{862};          // of the reflector; stamp only
  std::uint16_t ssid = 0;  // stamp only; 0: chosen by the probe
  bool stateful = false;   // stamp only: the reflector is known to count on its own
  std::string access;      // only probes on this access network; empty: all

  friend bool operator==(const Options&, const Options&) = default;
};

// Who measures whom.
//   mesh:  every member of the list measures every other one.
//   star:  the hub measures every leaf, and every leaf the hub.
//   pairs: every source measures every target.
enum class Shape : std::uint8_t { kMesh, kStar, kPairs };

struct Measurement {
  std::string name;
  Shape shape = Shape::kPairs;
  bool all_sources = false;          // pairs only: every probe that runs this plan
  std::vector<std::string> sources;  // names of sites, probes or targets, groups taken apart; star: the hub
  std::vector<std::string> targets;  // names of targets, groups taken apart; star: the leaves
  Options options;

  friend bool operator==(const Measurement&, const Measurement&) = default;
};

// How a test fills the line: TCP (docs/methods/tcp.md), UDP (udpst.md), ndt7 (ndt7.md), responsiveness.md.
enum class SpeedMethod : std::uint8_t { kTcp, kUdp, kNdt7, kResponsiveness };
std::string_view to_string(SpeedMethod method);
inline constexpr std::size_t kSpeedMethods = 4;

// How the rate of a UDP test is searched (RFC 9097, RFC 9946).
enum class RateSearch : std::uint8_t { kB, kC };

// Of ndt7 and responsiveness. kUnverified takes any certificate: for servers that made one themselves.
enum class TlsUse : std::uint8_t { kNone, kVerified, kUnverified };

// A test of how much the way to a target carries, now and then: what it moves is no stream of packets.
//   mesh:  sites meet in slots of a tournament (tournament.h), `every` long; of a pair, one site tests the way both
//   ways. pairs: every source tests the way to every target once in `every`, at a moment of its own.
struct SpeedTest {
  std::string name;
  Shape shape = Shape::kPairs;       // never kStar
  bool all_sources = false;          // as of Measurement
  std::vector<std::string> sources;  // pairs
  std::vector<std::string> targets;
  FamilyChoice family = FamilyChoice::kBoth;  // both: by turns
  Nanoseconds every = std::chrono::hours(6);
  SpeedMethod method = SpeedMethod::kTcp;
  Nanoseconds most = std::chrono::seconds(10);  // of a direction or load; tcp and responsiveness may end sooner
  std::uint32_t streams = 1;                    // tcp
  RateSearch search = RateSearch::kB;           // udp
  TlsUse tls = TlsUse::kNone;                   // ndt7, responsiveness
  Port port{24601};                             // of the server: TCP, and UDP for udp
  std::string access;                           // only probes on this access network; empty: all

  friend bool operator==(const SpeedTest&, const SpeedTest&) = default;
};

// What a mesh's slot leaves free at both ends, for clocks that differ; how long a test takes at most, all its
// directions and what it does besides; and the least length of a slot for it.
inline constexpr Nanoseconds kSlotGuard = std::chrono::seconds(2);
Nanoseconds longest_course(const SpeedTest& test);
Nanoseconds shortest_slot(const SpeedTest& test);

struct Limits {
  double per_target = 100;                  // packets/s that one probe sends to one address, over all its measurements
  double fleet_per_target = 1000;           // packets/s that all probes of the plan together send to one target
  std::optional<ByteCount> data_per_month;  // that one probe moves in speed tests; nothing: no limit

  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Plan {
  std::string name;
  std::vector<std::string> sites;
  std::map<std::string, Target, std::less<>> targets;
  std::vector<Measurement> measurements;
  std::vector<SpeedTest> speed;
  Limits limits;

  friend bool operator==(const Plan&, const Plan&) = default;
};

// SHA-256 over the plan's meaning (not its text: comments and order of keys don't matter), the first 16 hex digits.
std::string revision(const Plan& plan);

// One thing wrong in a plan's text. Lines and columns count from 1.
struct PlanFault {
  std::size_t line = 0;
  std::size_t column = 0;
  std::string message;  // what is wrong and what would be right

  friend bool operator==(const PlanFault&, const PlanFault&) = default;
};

inline constexpr std::size_t kPlanFaultLimit = 20;
inline constexpr std::size_t kPlanTextLimit = 4UL * 1024 * 1024;

struct PlanReading {
  std::optional<Plan> plan;       // only when there is no fault
  std::vector<PlanFault> faults;  // in order of their place, at most kPlanFaultLimit
};

// Never throws; any text may be given.
PlanReading parse_plan(std::string_view text);

// Reads a plan file. On faults the Error lists all of them, one "FILE:LINE:COLUMN: message" a line.
Result<Plan> load_plan(const std::string& path);
std::string describe(const std::vector<PlanFault>& faults, std::string_view file);

// A site of a region whose probes and reflectors measure each other.
struct MeshSite {
  std::string site;
  std::string access;                  // "fixed", "5g" or empty
  std::vector<std::string> addresses;  // literal, one a family
  bool measures = true;                // false: a target only
};

struct MeshPlanOptions {
  std::string name = "mesh";
  Nanoseconds echo_interval = std::chrono::seconds(1);
  Nanoseconds stamp_interval = std::chrono::seconds(1);
  Nanoseconds window = std::chrono::seconds(10);
  Port stamp_port{862};
  bool stateful = false;  // the reflectors count on their own
};

// Every site measures every other one by echo and by stamp, over IPv4 and IPv6. A target is named after its site, with
// "-ACCESS" behind it when the site is given with several accesses. Items: "mesh-echo", "mesh-stamp".
Plan make_mesh_plan(const std::vector<MeshSite>& sites, const MeshPlanOptions& options = {});

}  // namespace gnomon::probe
