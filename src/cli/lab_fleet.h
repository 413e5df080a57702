#pragma once

// The lab's inhabitants: a probe and a reflector at every measuring site, in the site's own namespace.
//
// Used by one thread. The lab outlives it.

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "lab/lab.h"
#include "methods/stamp/reflector.h"
#include "net/namespace.h"
#include "probe/fleet.h"

namespace gnomon::cli {

class LabFleet {
 public:
  // Opens a stateful reflector on port 862 at every measuring site.
  static Result<std::unique_ptr<LabFleet>> prepare(const lab::Lab& lab);

  // One probe for each measuring site, named after it.
  [[nodiscard]] const std::vector<probe::MemberOptions>& members() const { return members_; }
  // Every measuring site measures every other one by echo and by stamp over both families.
  [[nodiscard]] probe::Plan mesh_plan(const std::string& name) const;

 private:
  std::shared_ptr<net::NamespaceRunner> runner_ = std::make_shared<net::NamespaceRunner>();
  std::vector<probe::MemberOptions> members_;
  std::vector<probe::MeshSite> mesh_;
  std::unique_ptr<methods::stamp::Reflector> reflector_;
};

}  // namespace gnomon::cli
