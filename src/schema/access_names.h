#pragma once

// The words for the numbers of an access result's enumerations, as the API and the terminal write them: the names of
// the .proto without their prefix, in small letters; "unspecified" for a number of a newer schema. Pure functions.

#include <optional>
#include <string_view>

#include "schema/access_result.h"

namespace gnomon::schema {

std::string_view to_string(AccessDirection direction);  // "down", "up", "both"
std::string_view to_string(AccessNetwork network);      // "unknown", "fixed", "wifi", "5g", "4g", "other"
std::string_view to_string(AccessOutcome outcome);      // "done", "cut_short", "refused", …
std::string_view to_string(ThroughputLayer layer);      // "ip", "tcp", "websocket", "http"
std::string_view to_string(RpmConfidence confidence);   // "low", "medium", "high"
std::string_view to_string(AccessLimit limit);          // "network", "policer", …, "unsure"

std::optional<AccessDirection> parse_access_direction(std::string_view word);
std::optional<AccessNetwork> parse_access_network(std::string_view word);

// The kind of network for what operators write as a vantage's `access:` ("fixed", "5g", "wifi", "lte", …); kOther for a
// word of their own, kUnknown for none.
AccessNetwork network_of_access(std::string_view access);

}  // namespace gnomon::schema
