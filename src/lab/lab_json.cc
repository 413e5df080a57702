#include "lab/lab_json.h"

#include <algorithm>
#include <boost/json.hpp>

namespace gnomon::lab {

namespace {

namespace json = boost::json;

// A whole number without an exponent, where it is one.
json::value number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? json::value(whole) : json::value(value);
}

json::value microseconds(Nanoseconds time) {
  return number(static_cast<double>(time.count()) / 1e3);
}
json::value milliseconds(Nanoseconds time) {
  return number(static_cast<double>(time.count()) / 1e6);
}

json::object settings_object(const DirectionSettings& settings) {
  return {{"delay_us", microseconds(settings.delay)},
          {"jitter_us", microseconds(settings.jitter)},
          {"loss_ratio", number(settings.loss)},
          {"ipv4_loss_ratio", number(settings.ipv4_loss)},
          {"ipv6_loss_ratio", number(settings.ipv6_loss)},
          {"rate_bps", settings.rate},
          {"queue_ms", milliseconds(settings.queue)},
          {"police_bps", settings.police},
          {"burst_bytes", settings.burst},
          {"reorder_ratio", number(settings.reorder)},
          {"duplicate_ratio", number(settings.duplicate)},
          {"mtu", settings.mtu},
          {"blackhole", settings.blackhole}};
}

json::object link_object(const LinkSnapshot& link) {
  json::object object{
      {"id", link.id},
      {"a", link.a},
      {"b", link.b},
      {"kind", link.kind},
      {"state", link.up ? "up" : "down"},
      {"settings", {{"forward", settings_object(link.forward)}, {"backward", settings_object(link.backward)}}},
      {"changed", link.changed},
      {"routed_round", link.routed_round}};
  if (!link.fault.empty()) object["fault"] = link.fault;
  if (link.changed) {
    object["differs"] = {{"forward", describe_difference(link.forward, link.forward_default)},
                         {"backward", describe_difference(link.backward, link.backward_default)}};
  }
  return object;
}

json::object site_object(const SiteSnapshot& snapshot) {
  const Site& site = snapshot.site;
  return {{"id", site.id},
          {"name", {{"en", site.name_en}, {"zh", site.name_zh}}},
          {"kind", json::string(to_string(site.kind))},
          {"lat", site.latitude},
          {"lon", site.longitude},
          {"access", json::array(site.access.begin(), site.access.end())},
          {"probe", nullptr},
          {"measures", site.measures},
          {"ipv4", snapshot.ipv4},
          {"ipv6", snapshot.ipv6}};
}

json::array links_array(const std::vector<LinkSnapshot>& links) {
  json::array array;
  for (const LinkSnapshot& link : links) array.push_back(link_object(link));
  return array;
}

json::object direction_truth(const DirectionSettings& settings, const DirectionTruth& truth) {
  const auto quantile = [&truth](double q) -> json::value {
    const auto value = truth.given.quantile(q);
    return value ? microseconds(*value) : json::value(nullptr);
  };
  json::object given{
      {"count", truth.given.count()}, {"p50", quantile(0.5)}, {"p95", quantile(0.95)}, {"p99", quantile(0.99)}};
  given["max"] = truth.given.empty() ? json::value(nullptr) : microseconds(truth.given_max);
  const auto count = static_cast<double>(truth.given.count());
  given["mean"] =
      count == 0 ? json::value(nullptr) : number(static_cast<double>(truth.given_sum.count()) / 1e3 / count);
  return {{"settings", settings_object(settings)},
          {"received", truth.received},
          {"received_bytes", truth.received_bytes},
          {"forwarded", truth.forwarded},
          {"forwarded_bytes", truth.forwarded_bytes},
          {"dropped",
           {{"loss", truth.dropped_loss},
            {"queue", truth.dropped_queue},
            {"down", truth.dropped_down},
            {"mtu", truth.dropped_mtu},
            {"police", truth.dropped_police},
            {"overload", truth.dropped_overload}}},
          {"duplicated", truth.duplicated},
          {"reordered", truth.reordered},
          {"given_us", given}};
}

}  // namespace

std::string region_json(const Lab& lab) {
  const Region& region = lab.region();
  const auto sites = lab.sites();
  double west = 180, south = 90, east = -180, north = -90;
  json::array site_array;
  for (const SiteSnapshot& site : sites) {
    west = std::min(west, site.site.longitude);
    east = std::max(east, site.site.longitude);
    south = std::min(south, site.site.latitude);
    north = std::max(north, site.site.latitude);
    site_array.push_back(site_object(site));
  }
  const LabHealth health = lab.health();
  const json::object object{{"name", region.name},
                            {"lab", true},
                            {"title", {{"en", region.title_en}, {"zh", region.title_zh}}},
                            {"bounds", {west, south, east, north}},
                            {"sites", site_array},
                            {"links", links_array(lab.links())},
                            {"emulator",
                             {{"alive", health.emulator_alive},
                              {"pid", health.emulator_pid},
                              {"real_time", health.real_time},
                              {"uptime_s", static_cast<double>(health.uptime.count()) / 1e9},
                              {"start_took_s", static_cast<double>(health.start_took.count()) / 1e9}}}};
  return json::serialize(object);
}

std::string link_json(const LinkSnapshot& link) {
  return json::serialize(link_object(link));
}
std::string links_json(const std::vector<LinkSnapshot>& links) {
  return json::serialize(links_array(links));
}

std::string truth_json(const Truth& truth) {
  json::array links;
  for (const LinkTruth& link : truth.links) {
    links.push_back(json::object{{"id", link.link},
                                 {"a", link.a},
                                 {"b", link.b},
                                 {"state", link.up ? "up" : "down"},
                                 {"forward", direction_truth(link.forward_settings, link.forward)},
                                 {"backward", direction_truth(link.backward_settings, link.backward)}});
  }
  return json::serialize(json::object{{"since_reset_s", static_cast<double>(truth.since_reset.count()) / 1e9},
                                      {"unseen", truth.unseen},
                                      {"links", links}});
}

std::string change_json(const ChangeReport& change) {
  const PairUse& use = change.use;
  json::object object{{"link", link_object(change.link)},
                      {"message", {{"en", change.text_en}, {"zh", change.text_zh}}}};
  object["paths_using"] = use.pairs == 0 ? json::value(nullptr) : json::value(use.lose_all + use.lose_part);
  json::array losing;
  for (const auto& [from, to] : use.losing) losing.push_back(json::array{json::string(from), json::string(to)});
  object["pairs"] = {
      {"total", use.pairs}, {"lose_all", use.lose_all}, {"lose_part", use.lose_part}, {"losing", losing}};
  return json::serialize(object);
}

std::string error_json(const Error& error) {
  return json::serialize(json::object{{"error",
                                       {{"code", json::string(to_string(error.code))},
                                        {"operation", error.operation},
                                        {"subject", error.subject},
                                        {"reason", error.reason},
                                        {"advice", error.advice}}}});
}

}  // namespace gnomon::lab
