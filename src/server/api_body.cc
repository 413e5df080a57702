// Bodies of POST requests (api_query.h), read with Boost.JSON.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "server/api_query.h"
#include "server/storage_cache.h"

namespace gnomon::server {

namespace {

namespace json = boost::json;

constexpr std::size_t kDirectionLimit = 260;

tl::unexpected<Error> wrong(std::string_view name, std::string reason) {
  return failure(ErrorCode::kInvalidArgument, "read the body", std::string(name), std::move(reason));
}

// Refuses members that are not in `known`, so that a misspelt one is not silently ignored.
Result<json::object> read_object(std::string_view body, std::initializer_list<std::string_view> known) {
  boost::system::error_code error;
  json::value parsed = json::parse(body, error);
  if (error) return wrong("", "it is not JSON: " + error.message());
  if (!parsed.is_object()) return wrong("", "it must be a JSON object");
  for (const auto& member : parsed.get_object()) {
    const std::string_view name(member.key());
    if (std::ranges::find(known, name) != known.end()) continue;
    return wrong(name.substr(0, 64), fmt::format("there is no such member; there are {}", fmt::join(known, ", ")));
  }
  return std::move(parsed.get_object());
}

Result<std::string> text(const json::object& object, std::string_view name, std::size_t limit) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr) return std::string();
  if (!found->is_string() || found->get_string().size() > limit) {
    return wrong(name, fmt::format("it must be a string of at most {} bytes", limit));
  }
  return std::string(found->get_string());
}

// A number from 0 to `most`; nothing when absent.
Result<std::optional<double>> number(const json::object& object, std::string_view name, double most, bool whole) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr) return std::optional<double>();
  boost::system::error_code error;
  const auto value = found->to_number<double>(error);
  if (error || !(value >= 0) || value > most || (whole && value != std::floor(value))) {
    return wrong(name, fmt::format("it must be a {}number from 0 to {:.15g}", whole ? "whole " : "", most));
  }
  return std::optional(value);
}

Result<LinkSettingsChange> read_settings(const json::value& value) {
  constexpr double kMicroseconds = 10'000'000;
  if (!value.is_object()) return wrong("settings", "it must be an object");
  const json::object& object = value.get_object();
  struct Member {
    std::string_view name;
    double most;
    bool whole;
  };
  constexpr Member kMembers[] = {{"delay_us", kMicroseconds, true}, {"jitter_us", kMicroseconds, true},
                                 {"rate_bps", 1e12, true},          {"mtu", 65535, true},
                                 {"loss_ratio", 1, false},          {"queue_ms", 10'000, false},
                                 {"reorder_ratio", 1, false},       {"duplicate_ratio", 1, false}};
  for (const auto& member : object) {
    const std::string_view name(member.key());
    if (std::ranges::any_of(kMembers, [&](const Member& known) { return known.name == name; })) continue;
    return wrong(name.substr(0, 64),
                 "there is no such setting; there are delay_us, jitter_us, loss_ratio, rate_bps, queue_ms, "
                 "reorder_ratio, duplicate_ratio, mtu");
  }
  LinkSettingsChange change;
  std::optional<std::int64_t>* const integers[] = {&change.delay_us, &change.jitter_us, &change.rate_bps, &change.mtu};
  std::optional<double>* const reals[] = {&change.loss_ratio, &change.queue_ms, &change.reorder_ratio,
                                          &change.duplicate_ratio};
  for (std::size_t i = 0; i < std::size(kMembers); ++i) {
    const auto read = number(object, kMembers[i].name, kMembers[i].most, kMembers[i].whole);
    if (!read) return tl::unexpected(read.error());
    if (!*read) continue;
    if (i < std::size(integers)) {
      *integers[i] = static_cast<std::int64_t>(**read);
    } else {
      *reals[i - std::size(integers)] = **read;
    }
  }
  return change;
}

}  // namespace

Result<LinkCommand> parse_link_command(std::string_view body, std::string link) {
  const auto object = read_object(body, {"action", "direction", "settings"});
  if (!object) return tl::unexpected(object.error());
  const auto action = text(*object, "action", 16);
  if (!action) return tl::unexpected(action.error());
  auto direction = text(*object, "direction", kDirectionLimit);
  if (!direction) return tl::unexpected(direction.error());
  LinkCommand command;
  command.link = std::move(link);
  command.direction = std::move(*direction);
  const json::value* settings = object->if_contains("settings");
  if (*action == "fail" || *action == "heal") {
    command.action = *action == "fail" ? LinkAction::kFail : LinkAction::kHeal;
    if (settings != nullptr) return wrong("settings", "only the action set takes settings");
    return command;
  }
  if (*action != "set") return wrong("action", "it must be fail, heal or set");
  if (settings == nullptr || !settings->is_object() || settings->get_object().empty()) {
    return wrong("settings", "the action set needs at least one setting, such as {\"delay_us\":40000}");
  }
  auto change = read_settings(*settings);
  if (!change) return tl::unexpected(change.error());
  command.action = LinkAction::kSet;
  command.settings = *change;
  return command;
}

Result<RetentionRequest> parse_retention(std::string_view body) {
  const auto object = read_object(body, {"level", "seconds"});
  if (!object) return tl::unexpected(object.error());
  const auto level_word = text(*object, "level", 8);
  if (!level_word) return tl::unexpected(level_word.error());
  const auto level = parse_level(*level_word);
  if (!level) return wrong("level", "it must be raw, 1m, 1h or 1d");
  const json::value* seconds = object->if_contains("seconds");
  if (seconds == nullptr) return wrong("seconds", "it is missing; null keeps the level for ever");
  RetentionRequest request;
  request.level = *level;
  if (seconds->is_null()) return request;
  const auto keep = number(*object, "seconds", static_cast<double>(kRetentionMaximum), true);
  if (!keep || **keep < static_cast<double>(kRetentionMinimum)) {
    return wrong("seconds",
                 fmt::format("it must be null or a whole number from {} to {}", kRetentionMinimum, kRetentionMaximum));
  }
  request.keep = std::chrono::seconds(static_cast<std::int64_t>(**keep));
  return request;
}

}  // namespace gnomon::server
