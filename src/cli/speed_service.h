#pragma once

// All speed tests that a program serves, in one line (methods/speed_queue.h): TCP capacity and UDPST at one number,
// responsiveness at a port of its own, and ndt7 at a plain port where the program has no web server that does it.
//
// What cannot be served (its port is taken) is a fault that is told; only without TCP, which tells clients of the rest,
// there is no service. Started and destroyed by one thread; queue, clock and randomness outlive it.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "methods/capacity/server.h"
#include "methods/speed_queue.h"
#include "methods/udpst/setup_rules.h"
#include "net/address.h"

namespace gnomon::cli {

inline constexpr std::uint16_t kResponsivenessPort = 4043;
inline constexpr std::uint16_t kNdt7Port = 8780;  // that of the observatory

struct SpeedServiceOptions {
  std::vector<net::Address> addresses;            // to listen on; at least one
  std::uint16_t port = 24601;                     // TCP and UDP; 0: the kernel chooses two
  std::uint16_t responsiveness_port = 0;          // 0: none
  std::string tls_certificate, tls_key;           // its PEM texts; both empty: one is made
  std::optional<std::uint16_t> ndt7_port;         // plain; nothing: not by this service
  std::optional<methods::capacity::Offer> other;  // a method that the program serves besides
  methods::udpst::SetupPolicy udpst;              // keys, limits
};

// What UDPST's server asks of its clients: shared keys of a file (empty: none), Mbit/s each way (0: no limit).
Result<methods::udpst::SetupPolicy> udpst_policy(const std::string& key_file, std::uint32_t max_mbps);
// A PEM file's text.
Result<std::string> read_text_file(const std::string& file);

class SpeedService {
 public:
  static Result<std::unique_ptr<SpeedService>> start(const SpeedServiceOptions& options, methods::SpeedQueue& queue,
                                                     const Clock& clock, Random& random);
  ~SpeedService();
  SpeedService(const SpeedService&) = delete;
  SpeedService& operator=(const SpeedService&) = delete;

  // "TCP on 192.0.2.1:24601", one for each method.
  [[nodiscard]] std::vector<std::string> lines() const;
  // Why a method is not served.
  [[nodiscard]] const std::vector<Error>& faults() const;
  // Nothing when responsiveness is not served.
  [[nodiscard]] std::optional<Port> responsiveness_port() const;

 private:
  struct Parts;
  explicit SpeedService(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gnomon::cli
