#pragma once

// Probes that run in one process: any number of them over one packet engine, one worker thread (batches, spools,
// decisions), one uplink thread and, when the plan holds host names, one resolver thread. `gnomon probe` runs a fleet
// of one, `gnomon up` one probe for each site of the lab.
//
// Every function may be called from any thread, except start() and the destructor, which bracket all others.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "http/client.h"
#include "probe/plan.h"
#include "probe/probe.h"
#include "probe/speed_runner.h"

namespace gnomon::probe {

struct MemberOptions {
  std::string name;  // the probe's name and its folder's: as plan names, see plan_values.h
  std::string site;
  std::string access;                                           // "fixed", "5g" or empty
  std::shared_ptr<net::SocketSpace> space = net::host_space();  // where it measures and looks at its own health
  std::optional<net::Address> source_ipv4, source_ipv6;         // the kernel's choice when empty
};

struct FleetOptions {
  Plan plan;
  std::string server_url;  // "http://127.0.0.1:8780"; reached from the program's own namespace
  std::string folder;      // each probe keeps its key and spool in FOLDER/NAME
  std::vector<MemberOptions> members;
  bool same_machine = false;  // all ends read one clock (a lab): one-way delays are exact
  DeliveryLimits limits;      // of each probe
  http::ClientOptions http;
  std::shared_ptr<SpeedJudge> speed_judge;  // says what speed tests mean; without one none of the plan is begun
  // When the members' accesses were under test: by the fleet itself, and by servers in this program that were given the
  // same (SpeedQueue::mark). Windows from and to members' sites of that time are marked.
  std::shared_ptr<methods::TestTimes> test_times = std::make_shared<methods::TestTimes>();
};

struct FleetStatus {
  std::vector<ProbeStatus> probes;
  methods::EngineCounters engine;
  std::string plan_revision;
};

class Fleet {
 public:
  // The keys of the members, made when there are none yet: for enrolling them before the start.
  static Result<std::vector<ProbeIdentity>> identities(const std::string& folder,
                                                       const std::vector<MemberOptions>& members);

  // Opens folders, keys and spools, then measures. Errors: a wrong name or URL, a folder in use, no permission.
  static Result<std::unique_ptr<Fleet>> start(FleetOptions options);
  // As stop() with no patience for the server.
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // From now on this plan; paths that stay the same run on undisturbed.
  void use_plan(Plan plan);

  // A test of a member's access network has ended: it goes into the member's next batch, within Probe::kGather.
  // kNotFound when no member has this name, kInvalidArgument when the result contradicts itself (schema::fault_of).
  Status report(std::string_view member, schema::AccessResult result);

  // Ends the paths (their last windows are shorter), stores everything, and tries to deliver it for at most
  // `patience`. What remains is in the spool. Returns how many batches remain. Further calls do nothing.
  std::uint64_t stop(Nanoseconds patience = std::chrono::seconds(2));

  // At most a second old.
  [[nodiscard]] FleetStatus status() const;

 private:
  explicit Fleet(FleetOptions options);
  Status open();
  void run();
  void take(InboxEvent event);
  [[nodiscard]] bool is_disturbed(const WindowArrived& arrived) const;
  void start_speed_runner();
  void adopt_plan();
  void tick(MonotonicTime now);
  void watch_machine(MonotonicTime now);
  void publish();
  void wind_up();
  bool settle(MonotonicTime until, bool (Fleet::*done)() const);
  [[nodiscard]] bool paths_ended() const;
  [[nodiscard]] bool all_delivered() const;

  FleetOptions options_;
  SystemClock clock_;
  SystemRandom random_;
  Inbox inbox_;
  std::unique_ptr<Uplink> uplink_;
  std::vector<std::unique_ptr<Probe>> probes_;
  std::unique_ptr<methods::Engine> engine_;  // Ends before the probes, whose sinks it calls.
  std::unique_ptr<Resolver> resolver_;
  std::unique_ptr<SpeedRunner> speed_;
  MachineSensor sensor_{clock_};
  MachineReading machine_;
  std::optional<MonotonicTime> machine_read_;
  MonotonicTime published_{};
  methods::EngineCounters counted_;
  std::string revision_;

  mutable std::mutex mutex_;
  FleetStatus status_;             // guarded by mutex_
  std::optional<Plan> next_plan_;  // guarded by mutex_
  std::atomic<bool> stopping_ = false;
  Nanoseconds stop_patience_{};  // written before stopping_
  std::thread worker_;
};

}  // namespace gnomon::probe
