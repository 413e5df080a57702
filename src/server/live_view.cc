#include "server/live_view.h"

namespace gnomon::server {

std::string PathIdentity::vantage() const {
  if (source_site.empty()) return "probe " + to_string(probe).substr(0, 8);
  return access.empty() ? source_site : source_site + "-" + access;
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
