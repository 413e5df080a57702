#include "server/live_view.h"

namespace gnomon::server {

std::string PathIdentity::vantage() const {
  if (source_site.empty()) return "probe " + to_string(probe).substr(0, 8);
  // A region may name a site after its access already, as "gz-5g"; fixed access is what a site has unless said
  // otherwise.
  if (access.empty() || access == "fixed" || source_site.ends_with("-" + access)) return source_site;
  return source_site + "-" + access;
}

analysis::PathNames PathIdentity::names() const {
  return {vantage(), source_site, target, target_site, method, family};
}

std::string_view to_string(ProbeState state) {
  switch (state) {
    case ProbeState::kNever:
      return "never";
    case ProbeState::kAlive:
      return "alive";
    case ProbeState::kSilent:
      return "silent";
    case ProbeState::kSick:
      return "sick";
  }
  return "never";
}

}  // namespace gnomon::server
