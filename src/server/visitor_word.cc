// What a visitor's page says of its test, read with Boost.JSON.

#include <fmt/format.h>

#include <boost/json.hpp>

#include "schema/access_names.h"
#include "server/visitor_result.h"

namespace gnomon::server {

namespace {

namespace json = boost::json;

constexpr double kMostBits = 1e13;   // bit/s
constexpr double kMostDelay = 60e9;  // ns

tl::unexpected<Error> wrong(std::string_view member, std::string reason) {
  return failure(ErrorCode::kInvalidArgument, "read the result's", std::string(member), std::move(reason));
}

std::string_view text_of(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found != nullptr && found->is_string() ? std::string_view(found->get_string()) : std::string_view();
}

Result<std::optional<double>> number_of(const json::object& object, std::string_view name, double most) {
  const json::value* found = object.if_contains(name);
  if (found == nullptr || found->is_null()) return std::optional<double>();
  boost::system::error_code error;
  const auto value = found->to_number<double>(error);
  if (error || !(value >= 0) || value > most)
    return wrong(name, fmt::format("it must be a number from 0 to {:g}", most));
  return std::optional(value);
}

Result<ClientWord> read_test(const json::value& value) {
  if (!value.is_object()) return wrong("tests", "each must be an object");
  const json::object& object = value.get_object();
  ClientWord word;
  const auto direction = schema::parse_access_direction(text_of(object, "direction"));
  if (!direction) return wrong("direction", "it must be \"down\" or \"up\"");
  word.direction = *direction;
  const auto family = number_of(object, "family", 6);
  if (!family) return tl::unexpected(family.error());
  if (const double said = family->value_or(0); said != 0 && said != 4 && said != 6)
    return wrong("family", "it must be 4 or 6");
  word.family = static_cast<std::uint32_t>(family->value_or(0));
  for (const auto& [to, name, most] :
       {std::tuple(&word.throughput, "throughput", kMostBits), std::tuple(&word.idle, "idle", kMostDelay),
        std::tuple(&word.loaded, "loaded", kMostDelay)}) {
    const auto figure = number_of(object, name, most);
    if (!figure) return tl::unexpected(figure.error());
    *to = *figure;
  }
  return word;
}

}  // namespace

Result<VisitorWord> parse_visitor_word(std::string_view body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return wrong("body", "it must be a JSON object");
  const json::object& object = parsed.get_object();
  VisitorWord word;
  word.ticket = text_of(object, "ticket");
  if (word.ticket.empty()) return wrong("ticket", "the ticket that the tests ran with must be named");
  if (object.contains("network")) {
    const auto network = schema::parse_access_network(text_of(object, "network"));
    if (!network) return wrong("network", "it must be unknown, fixed, wifi, 5g, 4g or other");
    word.network = *network;
  }
  const json::value* tests = object.if_contains("tests");
  if (tests == nullptr) return word;
  if (!tests->is_array() || tests->get_array().size() > kMostTests)
    return wrong("tests", "it must be a list of at most 4");
  for (const json::value& one : tests->get_array()) {
    auto test = read_test(one);
    if (!test) return tl::unexpected(test.error());
    word.tests.push_back(*test);
  }
  return word;
}

}  // namespace gnomon::server
