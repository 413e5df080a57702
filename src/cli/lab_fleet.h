#pragma once

// The lab's inhabitants: a probe, a reflector and a speed server at every measuring site, in the site's own namespace,
// and a responsiveness server at the first data centre.
//
// Used by one thread. The lab outlives it.

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "lab/lab.h"
#include "methods/capacity/server.h"
#include "methods/responsiveness/responsiveness_server.h"
#include "methods/stamp/reflector.h"
#include "net/namespace.h"
#include "probe/fleet.h"

namespace gnomon::cli {

class LabFleet {
 public:
  // Opens a stateful reflector on port 862 and a speed server on 24601 at every measuring site, and responsiveness on
  // 4043 at the first data centre. One speed test runs at a time in the whole lab: the sites share this machine's
  // processors.
  static Result<std::unique_ptr<LabFleet>> prepare(const lab::Lab& lab);

  // One probe for each measuring site, named after it.
  [[nodiscard]] const std::vector<probe::MemberOptions>& members() const { return members_; }
  // Every measuring site measures every other one by echo and by stamp over both families; `with_speed`: and tests
  // now and then how much the way to the first data centre carries, and how it responds meanwhile.
  [[nodiscard]] probe::Plan mesh_plan(const std::string& name, bool with_speed) const;
  // When each site's access was under test; the speed servers note it there.
  [[nodiscard]] const std::shared_ptr<methods::TestTimes>& test_times() const { return test_times_; }

 private:
  Status open_site(const lab::SiteSnapshot& site, net::Namespace place,
                   std::vector<methods::capacity::Listener>& listeners);
  Status open_data_centre(const net::Address& address, std::shared_ptr<net::SocketSpace> space);

  std::shared_ptr<net::NamespaceRunner> runner_ = std::make_shared<net::NamespaceRunner>();
  std::vector<probe::MemberOptions> members_;
  std::vector<probe::MeshSite> mesh_;
  std::unique_ptr<methods::stamp::Reflector> reflector_;
  std::string data_centre_;  // the first; empty without any
  SystemClock clock_;
  SystemRandom random_;
  std::shared_ptr<methods::TestTimes> test_times_ = std::make_shared<methods::TestTimes>();
  methods::SpeedQueue queue_{clock_};
  std::unique_ptr<methods::capacity::Server> speed_;
  std::unique_ptr<methods::responsiveness::ResponsivenessServer> responsiveness_;
};

}  // namespace gnomon::cli
