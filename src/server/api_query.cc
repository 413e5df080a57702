#include "server/api_query.h"

#include <fmt/format.h>

#include <charconv>

#include "schema/access_names.h"

namespace gnomon::server {

namespace {

constexpr std::size_t kWordLimit = 128;

tl::unexpected<Error> wrong(std::string_view name, std::string reason) {
  return failure(ErrorCode::kInvalidArgument, "read the query", std::string(name), std::move(reason));
}

const std::string* find(const http::Fields& query, std::string_view name) {
  const auto found = query.find(name);
  return found == query.end() ? nullptr : &found->second;
}

Result<std::optional<std::int64_t>> integer(const http::Fields& query, std::string_view name, std::int64_t least,
                                            std::int64_t most) {
  const std::string* text = find(query, name);
  if (text == nullptr) return std::optional<std::int64_t>();
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc{} || stop != end || number < least || number > most) {
    return wrong(name, fmt::format("it must be a whole number from {} to {}", least, most));
  }
  return std::optional(number);
}

Result<std::optional<std::string>> word(const http::Fields& query, std::string_view name) {
  const std::string* text = find(query, name);
  if (text == nullptr) return std::optional<std::string>();
  if (text->size() > kWordLimit) return wrong(name, fmt::format("it must have at most {} bytes", kWordLimit));
  return std::optional(*text);
}

Result<std::optional<std::string>> method(const http::Fields& query) {
  auto text = word(query, "method");
  if (!text || !*text) return text;
  const std::string& name = **text;
  const bool plain = !name.empty() && name.size() <= 32 && name.front() >= 'a' && name.front() <= 'z' &&
                     name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
  if (!plain) return wrong("method", "it must be the name of a method, such as echo or stamp");
  return text;
}

Result<std::optional<int>> family(const http::Fields& query) {
  const std::string* text = find(query, "family");
  if (text == nullptr) return std::optional<int>();
  if (*text == "4") return std::optional(4);
  if (*text == "6") return std::optional(6);
  return wrong("family", "it must be 4 or 6");
}

struct Range {
  WallTime from;
  WallTime to;
};

// from, to: until now and so long when they are not named.
Result<Range> range(const http::Fields& query, WallTime now, std::chrono::hours usual) {
  const auto from = integer(query, "from", 0, kEndUnixMs);
  if (!from) return tl::unexpected(from.error());
  const auto to = integer(query, "to", 0, kEndUnixMs);
  if (!to) return tl::unexpected(to.error());
  const auto at = [](std::int64_t unix_ms) { return WallTime{std::chrono::milliseconds(unix_ms)}; };
  Range range;
  range.to = *to ? at(**to) : now;
  range.from = *from ? at(**from) : std::max(at(0), range.to - usual);
  if (range.from >= range.to) return wrong("from", "it must be before `to`");
  return range;
}

}  // namespace

std::string_view to_string(Figure figure) {
  switch (figure) {
    case Figure::kRttP50:
      return "rtt_p50";
    case Figure::kRttP99:
      return "rtt_p99";
    case Figure::kLossRatio:
      return "loss_ratio";
  }
  return "rtt_p50";
}

Result<PathFilter> parse_path_filter(const http::Fields& query) {
  PathFilter filter;
  auto named_method = method(query);
  if (!named_method) return tl::unexpected(named_method.error());
  auto named_family = family(query);
  if (!named_family) return tl::unexpected(named_family.error());
  auto site = word(query, "site");
  if (!site) return tl::unexpected(site.error());
  auto words = word(query, "q");
  if (!words) return tl::unexpected(words.error());
  filter.method = std::move(*named_method);
  filter.family = *named_family;
  filter.site = std::move(*site);
  filter.words = words->value_or("");
  if (const std::string* text = find(query, "state")) {
    filter.state = analysis::parse_path_state(*text);
    if (!filter.state) return wrong("state", "it must be good, degraded, broken, stale, sick or unknown");
  }
  return filter;
}

Result<LiveInterest> parse_live_interest(const http::Fields& query) {
  using Rows = LiveInterest::Rows;
  LiveInterest interest;
  auto named_method = method(query);
  if (!named_method) return tl::unexpected(named_method.error());
  const auto named_family = family(query);
  if (!named_family) return tl::unexpected(named_family.error());
  interest.method = std::move(*named_method);
  interest.family = *named_family;
  if (const std::string* text = find(query, "rows")) {
    if (*text == "figures") {
      interest.rows = Rows::kFigures;
    } else if (*text == "states") {
      interest.rows = Rows::kStates;
    } else if (*text == "none") {
      interest.rows = Rows::kNone;
    } else if (*text != "full") {
      return wrong("rows", "it must be full, figures, states or none");
    }
  }
  if (const std::string* text = find(query, "path")) {
    interest.path = parse_path_id(*text);
    if (!interest.path) return wrong("path", "an id has 16 hexadecimal digits");
  }
  return interest;
}

Result<SeriesRequest> parse_series_request(const http::Fields& query, WallTime now) {
  const auto named = range(query, now, std::chrono::hours(1));
  if (!named) return tl::unexpected(named.error());
  const auto points = integer(query, "points", 1, 2000);
  if (!points) return tl::unexpected(points.error());
  SeriesRequest request{named->from, named->to};
  if (*points) request.points = static_cast<std::size_t>(**points);
  return request;
}

Result<MeshRequest> parse_mesh_request(const http::Fields& query) {
  MeshRequest request;
  if (const std::string* text = find(query, "figure")) {
    if (*text == "rtt_p50") {
      request.figure = Figure::kRttP50;
    } else if (*text == "rtt_p99") {
      request.figure = Figure::kRttP99;
    } else if (*text == "loss_ratio") {
      request.figure = Figure::kLossRatio;
    } else {
      return wrong("figure", "it must be rtt_p50, rtt_p99 or loss_ratio");
    }
  }
  const auto named_family = family(query);
  if (!named_family) return tl::unexpected(named_family.error());
  const auto named_method = method(query);
  if (!named_method) return tl::unexpected(named_method.error());
  const auto minutes = integer(query, "minutes", 1, 60);
  if (!minutes) return tl::unexpected(minutes.error());
  request.family = named_family->value_or(4);
  request.method = named_method->value_or("echo");
  request.minutes = static_cast<int>(minutes->value_or(1));
  return request;
}

Result<ChangesRequest> parse_changes_request(const http::Fields& query) {
  const auto limit = integer(query, "limit", 1, 500);
  if (!limit) return tl::unexpected(limit.error());
  const auto before = integer(query, "before", 1, INT64_MAX);
  if (!before) return tl::unexpected(before.error());
  ChangesRequest request;
  request.limit = static_cast<std::size_t>(limit->value_or(50));
  if (*before) request.before = static_cast<std::uint64_t>(**before);
  return request;
}

Result<AccessRequest> parse_access_request(const http::Fields& query, WallTime now) {
  const auto named = range(query, now, std::chrono::hours(24 * 30));
  if (!named) return tl::unexpected(named.error());
  AccessRequest request{named->from, named->to, {}, {}, {}, {}, {}};
  if (request.to - request.from > kAccessLongest) {
    return wrong("from", fmt::format("it must be at most {} days before `to`", kAccessLongest.count() / 24));
  }
  auto site = word(query, "site");
  if (!site) return tl::unexpected(site.error());
  auto named_method = method(query);
  if (!named_method) return tl::unexpected(named_method.error());
  request.site = std::move(*site);
  request.method = std::move(*named_method);
  if (const std::string* text = find(query, "network")) {
    request.network = schema::parse_access_network(*text);
    if (!request.network) return wrong("network", "it must be unknown, fixed, wifi, 5g, 4g or other");
  }
  if (const std::string* text = find(query, "direction")) {
    request.direction = schema::parse_access_direction(*text);
    const bool is_known = request.direction && *request.direction != schema::AccessDirection::kUnspecified;
    if (!is_known) return wrong("direction", "it must be down, up or both");
  }
  const auto offset = integer(query, "utc_offset_s", -18 * 3600, 18 * 3600);
  if (!offset) return tl::unexpected(offset.error());
  if (*offset) request.utc_offset = std::chrono::seconds(**offset);
  return request;
}

Result<AccessResultsRequest> parse_access_results_request(const http::Fields& query, WallTime now) {
  const auto named = range(query, now, std::chrono::hours(24 * 7));
  if (!named) return tl::unexpected(named.error());
  AccessResultsRequest request{named->from, named->to, {}, {}};
  auto site = word(query, "site");
  if (!site) return tl::unexpected(site.error());
  request.site = std::move(*site);
  if (const std::string* text = find(query, "probe")) {
    request.probe = parse_probe_id(*text);
    if (!request.probe) return wrong("probe", "an id has 32 hexadecimal digits");
  }
  const auto limit = integer(query, "limit", 1, 1000);
  if (!limit) return tl::unexpected(limit.error());
  request.limit = static_cast<std::size_t>(limit->value_or(100));
  return request;
}

}  // namespace gnomon::server
