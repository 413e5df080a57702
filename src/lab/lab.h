#pragma once

// A running lab in this process: a region's sites as network namespaces, its links through the emulator process.
//
// Everything is held by this object: when it is destroyed, or its process ends in any way, the namespaces, interfaces
// and the emulator vanish with it. Any thread may call any function. Start it before other threads when you can: it
// forks. Needs CAP_SYS_ADMIN and CAP_NET_ADMIN, or a user namespace entered before (user_namespace.h).

#include <condition_variable>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "lab/emulator_process.h"
#include "lab/region.h"
#include "lab/routing.h"
#include "lab/site_network.h"
#include "lab/truth.h"
#include "net/namespace.h"

namespace gnomon::lab {

struct SiteSnapshot {
  Site site;
  std::size_t number = 0;  // From 1; part of the addresses.
  std::string ipv4;        // The service address: source and target of measurements.
  std::string ipv6;
};

struct LinkSnapshot {
  std::string id;
  std::string a;
  std::string b;
  std::string kind;
  std::string fault;
  bool up = true;
  bool routed_round = false;   // Routes avoid it since it failed.
  bool changed = false;        // Settings differ from the region's.
  DirectionSettings forward;   // a to b.
  DirectionSettings backward;  // b to a.
  DirectionSettings forward_default;
  DirectionSettings backward_default;
};

enum class DirectionChoice : std::uint8_t { kBoth, kForward, kBackward };

enum class RerouteChoice : std::uint8_t {
  kRegion,  // As the region says: after its delay, or never.
  kNow,
  kNever,
};

// What a change did, and a sentence that says so in English and Chinese.
struct ChangeReport {
  LinkSnapshot link;
  PairUse use;  // Only of fail and heal: the pairs of measuring sites whose packets crossed the link.
  std::string text_en;
  std::string text_zh;
};

struct LabOptions {
  std::uint64_t seed = 1;
  bool real_time = true;
  int emulator_cpu = -1;
};

struct LabHealth {
  bool emulator_alive = true;
  int emulator_pid = 0;
  bool real_time = false;
  Nanoseconds uptime{0};
  Nanoseconds start_took{0};
};

class Lab {
 public:
  static Result<std::unique_ptr<Lab>> start(Region region, const LabOptions& options, const Clock& clock);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] const Region& region() const { return region_; }  // As it was read.
  [[nodiscard]] std::vector<SiteSnapshot> sites() const;
  [[nodiscard]] std::vector<LinkSnapshot> links() const;
  [[nodiscard]] LabHealth health() const;

  Result<ChangeReport> fail(std::string_view link, RerouteChoice reroute = RerouteChoice::kRegion);
  Result<ChangeReport> heal(std::string_view link);
  Result<ChangeReport> set(std::string_view link, const SettingsChange& change, DirectionChoice direction);
  // Back to the region's settings.
  Result<ChangeReport> set_default(std::string_view link, DirectionChoice direction);

  Result<Truth> truth();
  Status reset_truth();

  // For sockets and children: the site's namespace, owned by the caller.
  Result<net::Namespace> site_namespace(std::string_view site) const;
  // Lines of /etc/hosts: each site's addresses with its id and "ID.lab".
  [[nodiscard]] std::string hosts() const;

  // Called after every change, and once when the emulator dies, on the changing (or the lab's) thread. Set before use.
  void on_change(std::function<void(const std::string& link)> listener) { listener_ = std::move(listener); }

 private:
  struct LinkState {
    bool up = true;
    bool routed_round = false;
    std::optional<MonotonicTime> route_round_at;
    DirectionSettings forward;
    DirectionSettings backward;
  };

  Lab(Region region, const Clock& clock) : region_(std::move(region)), clock_(clock) {}
  [[nodiscard]] LinkSnapshot snapshot(std::size_t link) const;
  void write_wanted(std::size_t link);
  Status change_settings(std::size_t link, const DirectionSettings& forward, const DirectionSettings& backward);
  Status route();
  PairUse use_of(std::size_t link) const;
  Result<ChangeReport> report(std::size_t link, PairUse use, std::string en, std::string zh) const;
  void tend();
  void notify(std::size_t link) const;

  Region region_;
  const Clock& clock_;
  MonotonicTime started_;
  Nanoseconds start_took_{0};
  std::function<void(const std::string&)> listener_;

  mutable std::mutex mutex_;  // Guards all below.
  std::vector<LinkState> states_;
  std::unique_ptr<RoutingTable> routes_;  // Those in the kernel.
  std::unique_ptr<SiteNetwork> network_;
  std::unique_ptr<EmulatorMemory> memory_;
  std::unique_ptr<EmulatorProcess> emulator_;
  MonotonicTime counted_since_;
  bool death_told_ = false;
  int wake_tender_ = -1;
  bool stopping_ = false;
  std::thread tender_;  // Routes round failures when their time has come; notices the emulator's end.
};

}  // namespace gnomon::lab
