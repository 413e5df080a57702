#pragma once

// What callers ask for, decoded from query strings and bodies. Pure functions; any text may be given; every fault names
// the parameter and what it may be.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/path_state.h"
#include "core/error.h"
#include "http/message.h"
#include "schema/access_result.h"
#include "server/live_interest.h"
#include "server/region_control.h"
#include "store/point.h"

namespace gnomon::server {

struct PathFilter {
  std::optional<std::string> method;
  std::optional<int> family;
  std::optional<std::string> site;
  std::optional<analysis::PathState> state;
  std::string words;
};
Result<PathFilter> parse_path_filter(const http::Fields& query);

// rows, method, family, path; rows is full when it is absent.
Result<LiveInterest> parse_live_interest(const http::Fields& query);

struct SeriesRequest {
  WallTime from;
  WallTime to;
  std::size_t points = 600;
};
Result<SeriesRequest> parse_series_request(const http::Fields& query, WallTime now);

enum class Figure : std::uint8_t { kRttP50, kRttP99, kLossRatio };
std::string_view to_string(Figure figure);

struct MeshRequest {
  Figure figure = Figure::kRttP50;
  int family = 4;
  std::string method = "echo";
  int minutes = 1;
};
Result<MeshRequest> parse_mesh_request(const http::Fields& query);

struct ChangesRequest {
  std::size_t limit = 50;
  std::optional<std::uint64_t> before;
};
Result<ChangesRequest> parse_changes_request(const http::Fields& query);

// GET access: what is summed up, and which of it.
struct AccessRequest {
  WallTime from;  // 30 days before `to` when not named
  WallTime to;
  std::optional<std::string> site, method;
  std::optional<schema::AccessNetwork> network;
  std::optional<schema::AccessDirection> direction;
  std::optional<std::chrono::seconds> utc_offset;  // of hours and days; the server's zone when not named
};
inline constexpr std::chrono::hours kAccessLongest{24 * 400};  // of a range: a summary holds its tests in memory
Result<AccessRequest> parse_access_request(const http::Fields& query, WallTime now);

// GET access/results.
struct AccessResultsRequest {
  WallTime from;  // 7 days before `to` when not named
  WallTime to;
  std::optional<ProbeId> probe;
  std::optional<std::string> site;
  std::size_t limit = 100;  // 1 to 1,000
};
Result<AccessResultsRequest> parse_access_results_request(const http::Fields& query, WallTime now);

// The body of POST lab/links/{id}; `link` comes from the path.
Result<LinkCommand> parse_link_command(std::string_view body, std::string link);

struct RetentionRequest {
  store::Level level = store::Level::kRaw;
  std::optional<Nanoseconds> keep;  // nothing: for ever
};
inline constexpr std::int64_t kRetentionMinimum = 3600;           // seconds
inline constexpr std::int64_t kRetentionMaximum = 3'155'760'000;  // a hundred years
Result<RetentionRequest> parse_retention(std::string_view body);

}  // namespace gnomon::server
