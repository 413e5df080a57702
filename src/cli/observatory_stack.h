#pragma once

// Journal, tables, live state and server of one data folder, put together: what `gnomon up` and `gnomon serve` run.
//
// Opened, used and destroyed by one thread. Destruction stops the port first, then lets the tables catch up, then
// closes the journal.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/speed_service.h"
#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "methods/test_times.h"
#include "server/api.h"
#include "server/probe_registry.h"
#include "server/region_control.h"
#include "server/server.h"

namespace gnomon::cli {

struct StackOptions {
  std::string data_folder = "gnomon-data";
  std::string listen = "127.0.0.1:8780";
  std::string tls_certificate;
  std::string tls_key;
  bool require_login = false;
  std::vector<std::string> hosts;  // further names that a loopback port answers to
  std::string web_folder;          // empty: embedded
  std::string speed_name;          // of this server, as visitors of /speed see it; empty: the system's
  std::string speed_ipv4;          // HOST[:PORT] that has IPv4 addresses only, for tests over both families
  std::string speed_ipv6;
  // TCP for `gnomon speed` and UDP for UDPST, at the address of `listen`; 0: neither, and no responsiveness.
  std::uint16_t speed_port = 24601;
  std::uint16_t responsiveness_port = kResponsivenessPort;  // 0: none
  std::string udpst_keys;                                   // file; empty: no authentication
  std::uint32_t udpst_max_mbps = 0;                         // each way; 0: no limit
  bool speed_tests = true;  // answer speed tests of all methods; a lab's probes test by themselves
};

class ObservatoryStack {
 public:
  // Opens everything, in the order of dependence, and answers on the port from then on. `region` must outlive it.
  static Result<std::unique_ptr<ObservatoryStack>> start(const StackOptions& options, server::RegionControl& region);
  ~ObservatoryStack();
  ObservatoryStack(const ObservatoryStack&) = delete;
  ObservatoryStack& operator=(const ObservatoryStack&) = delete;

  [[nodiscard]] std::string url() const;
  // Set when this start made the first user: to be shown once, then wiped by the caller.
  [[nodiscard]] std::optional<std::string> take_first_password();
  [[nodiscard]] server::ProbeRegistry& probes();
  [[nodiscard]] const std::string& data_folder() const;
  // From now on the times of the speed tests that it serves are noted there.
  void note_speed_tests(std::shared_ptr<methods::TestTimes> times);
  // One line: paths by state, delay, loss, windows stored, lag.
  [[nodiscard]] std::string summary() const;

 private:
  struct Parts;
  explicit ObservatoryStack(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gnomon::cli
