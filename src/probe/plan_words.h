#pragma once

// The words a plan may use, once: the parser refuses others, and a test holds docs/schema/plan.schema.json to them.

#include <string>
#include <vector>

namespace gnomon::probe::words {

inline const std::vector<std::string> kPlan{"name",   "sites",        "targets",  "groups",
                                            "limits", "measurements", "defaults", "speed"};
inline const std::vector<std::string> kTarget{"addresses", "host", "site", "access", "port"};
inline const std::vector<std::string> kLimits{"per_target", "fleet_per_target", "data_per_month"};
inline const std::vector<std::string> kOptions{"method", "family", "interval", "timeout",  "window", "payload",
                                               "dscp",   "port",   "ssid",     "stateful", "access"};
inline const std::vector<std::string> kShape{"name", "mesh", "star", "from", "to"};
inline const std::vector<std::string> kStar{"hub", "leaves"};
inline const std::vector<std::string> kSpeed{"name", "mesh",    "from",   "to",  "method", "family", "every",
                                             "time", "streams", "search", "tls", "port",   "access"};
inline const std::vector<std::string> kSpeedMethods{"tcp", "udp", "ndt7", "responsiveness"};
inline const std::vector<std::string> kSearches{"B", "C"};
inline const std::vector<std::string> kTls{"none", "verified", "unverified"};
inline const std::vector<std::string> kMethods{"echo", "stamp"};
inline const std::vector<std::string> kFamilies{"both", "4", "6"};
inline const std::string kEveryProbe = "all";

// A measurement's words: its shape's and the options'.
inline std::vector<std::string> measurement() {
  std::vector<std::string> all = kShape;
  all.insert(all.end(), kOptions.begin(), kOptions.end());
  return all;
}

}  // namespace gnomon::probe::words
