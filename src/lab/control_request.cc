// answer_request of control_socket.h: what each request does.
#include <boost/json.hpp>
#include <limits>

#include "core/nearest_word.h"
#include "lab/control_socket.h"
#include "lab/lab_json.h"

namespace gnomon::lab {

namespace {

namespace json = boost::json;

tl::unexpected<Error> bad_request(std::string reason) {
  return failure(ErrorCode::kInvalidArgument, "control lab", "", std::move(reason));
}

Result<std::string> word(const json::object& request, const char* name) {
  const json::value* value = request.if_contains(name);
  if (value == nullptr || !value->is_string())
    return bad_request(std::string("the request lacks the text '") + name + "'");
  return std::string(value->get_string());
}

Result<DirectionChoice> direction(const Lab& lab, const json::object& request, const std::string& link) {
  if (!request.contains("from") && !request.contains("to")) return DirectionChoice::kBoth;
  const auto from = word(request, "from");
  const auto to = word(request, "to");
  const auto index = require_link(lab.region(), link);
  if (!from || !to || !index) return tl::unexpected(!index ? index.error() : !from ? from.error() : to.error());
  const Region& region = lab.region();
  const std::string& a = region.sites[region.links[*index].a].id;
  const std::string& b = region.sites[region.links[*index].b].id;
  if (*from == a && *to == b) return DirectionChoice::kForward;
  if (*from == b && *to == a) return DirectionChoice::kBackward;
  return failure(ErrorCode::kInvalidArgument, "choose direction", *from + "-" + *to,
                 "the link " + link + " joins other sites",
                 "its directions are " + a + "-" + b + " and " + b + "-" + a);
}

Result<std::string> fail(Lab& lab, const json::object& request) {
  const auto link = word(request, "link");
  if (!link) return tl::unexpected(link.error());
  const std::string reroute = word(request, "reroute").value_or("region");
  const RerouteChoice choice = reroute == "now"     ? RerouteChoice::kNow
                               : reroute == "never" ? RerouteChoice::kNever
                                                    : RerouteChoice::kRegion;
  return lab.fail(*link, choice).map(change_json);
}

Result<std::string> set(Lab& lab, const json::object& request) {
  const auto link = word(request, "link");
  if (!link) return tl::unexpected(link.error());
  const auto way = direction(lab, request, *link);
  if (!way) return tl::unexpected(way.error());
  const json::value* settings = request.if_contains("settings");
  std::vector<std::string> words;
  if (settings != nullptr && settings->is_array()) {
    for (const json::value& value : settings->get_array()) {
      if (value.is_string()) words.emplace_back(value.get_string());
    }
  }
  const auto change = parse_settings(words);
  if (!change) return tl::unexpected(change.error());
  return lab.set(*link, *change, *way).map(change_json);
}

Result<std::string> set_default(Lab& lab, const json::object& request) {
  const auto link = word(request, "link");
  if (!link) return tl::unexpected(link.error());
  const auto way = direction(lab, request, *link);
  if (!way) return tl::unexpected(way.error());
  return lab.set_default(*link, *way).map(change_json);
}

Result<std::string> truth(Lab& lab, const json::object& request) {
  auto counted = lab.truth();
  if (!counted) return tl::unexpected(counted.error());
  const json::value* reset = request.if_contains("reset");
  if (reset != nullptr && reset->is_bool() && reset->get_bool()) {
    if (Status status = lab.reset_truth(); !status) return tl::unexpected(status.error());
  }
  return truth_json(*counted);
}

Result<std::string> perform(Lab& lab, const json::object& request, bool& stop) {
  const auto op = word(request, "op");
  if (!op) return tl::unexpected(op.error());
  if (*op == "status") return region_json(lab);
  if (*op == "truth") return truth(lab, request);
  if (*op == "fail") return fail(lab, request);
  if (*op == "heal") {
    return word(request, "link").and_then([&lab](const std::string& link) { return lab.heal(link); }).map(change_json);
  }
  if (*op == "set") return set(lab, request);
  if (*op == "default") return set_default(lab, request);
  if (*op == "stop") {
    stop = true;
    return std::string(R"({"stopping":true})");
  }
  return bad_request("there is no operation '" + *op + "'");
}

}  // namespace

std::string answer_request(Lab& lab, std::string_view request, bool& stop) {
  boost::system::error_code broken;
  const json::value parsed = json::parse({request.data(), request.size()}, broken);
  const auto answer = broken || !parsed.is_object()
                          ? Result<std::string>(bad_request("the request is no JSON object on one line"))
                          : perform(lab, parsed.get_object(), stop);
  return answer ? *answer : error_json(answer.error());
}

}  // namespace gnomon::lab
