#pragma once

// Responsiveness under working conditions (draft-ietf-ippm-responsiveness-09), the client: how long round trips take on
// an idle path, and how long while it carries as much as it can. Definition, sources of error and limits:
// docs/methods/responsiveness.md.
//
// measure() blocks its thread for the whole test and touches no other; progress comes from within it. `stop` may be
// asked from any thread and ends the test within about 100 ms.

#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/random.h"
#include "core/sketch.h"
#include "core/units.h"
#include "methods/responsiveness/responsiveness_search.h"
#include "methods/test_failure.h"
#include "net/address.h"
#include "net/socket_space.h"

namespace gnomon::methods::responsiveness {

// Which way the load goes. kBoth: at the same time, which is the draft's default and gives its single figure.
enum class Load : std::uint8_t { kDown, kUp, kBoth };
std::string_view to_string(Load load);

struct Options {
  std::string target;  // "HOST", "HOST:PORT" (https), or the URL of a configuration
  std::optional<Family> family;
  std::string ca_file;  // PEM; empty: the system's authorities
  bool verify_tls = true;
  std::vector<Load> loads = {Load::kDown, Load::kUp, Load::kBoth};  // one after the other
  // For all loads together; each has an equal share, half of it to reach working conditions, half to measure in them.
  // Ends sooner when both have settled.
  Nanoseconds most_time = std::chrono::seconds(60);
  Nanoseconds probe_timeout = std::chrono::seconds(10);
  unsigned idle_probes = 20;
  SearchOptions search;  // `tls` and the times are filled in here
  std::shared_ptr<net::SocketSpace> space = net::host_space();
  std::stop_token stop;
};

// Delays of probes that ended. `tls` is per round trip of the handshake; `total` is a whole new connection with its
// first answer; `self` a request on a connection that carries load (none when idle).
struct ProbeSpread {
  DelaySketch tcp, tls, http, total, self;
  std::uint64_t failed = 0;  // refused, reset or not answered in time
};

// How much longer than on the idle path: quantile under load less the same quantile without.
struct Inflation {
  std::optional<Nanoseconds> p50, p95;
};

struct WorkingConditions {
  Load load = Load::kDown;
  std::optional<Rpm> rpm;  // nothing: probes of one kind never came back
  Confidence goodput_confidence = Confidence::kLow, rpm_confidence = Confidence::kLow;
  BitRate goodput_down{}, goodput_up{};
  ByteCount moved{};  // of bodies, both ways, from the first flow on
  unsigned flows_down = 0, flows_up = 0;
  unsigned intervals = 0;
  Nanoseconds duration{};
  ProbeSpread loaded;         // of the intervals that rpm is of
  Inflation tcp, http, self;  // self against the idle http
  std::string ended_early;    // why, when a flow ended before its time; empty otherwise
};

struct Responsiveness {
  net::Endpoint server;
  std::string host;
  bool tls = true;
  ProbeSpread idle;
  std::optional<WorkingConditions> down, up, both;
};

struct Progress {
  enum class Stage : std::uint8_t { kIdle, kLoaded };
  Stage stage = Stage::kIdle;
  Load load = Load::kDown;  // kLoaded only, as all below
  Nanoseconds elapsed{};    // since this stage began
  BitRate goodput_down{}, goodput_up{};
  unsigned flows = 0;
  std::optional<Rpm> rpm;
  bool working = false;  // goodput has settled: what is measured counts
};

class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  // When the idle part begins, when a load begins, and after each interval. Must be quick: the test waits for it.
  virtual void on_progress(const Progress& progress) = 0;
};

// kNotFound: no such host; kUnavailable: cannot be reached, is busy with somebody else's test (the advice says when to
// come back), or `stop`; kPermission: certificate; kUnsupported: no HTTP/2, or no configuration there; kCorrupt: a
// configuration that the draft tells to ignore. A path that fails in the middle is a result, not an Error.
// Each with its outcome: busy is kRefused, as is a server without this service; no answer is kTimedOut.
Measured<Responsiveness> measure(const Options& options, const Clock& clock, Random& random, ProgressSink* progress);

}  // namespace gnomon::methods::responsiveness
