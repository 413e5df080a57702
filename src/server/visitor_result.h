#pragma once

// A visitor's speed test as a result that travels, rests and is proved (schema/access_result.h), and the name by which
// only who has its link finds it again. Pure functions.
//
// The figures of a result are the server's own: what its kernel and its program saw. What the visitor's browser says
// stands beside them as evidence whose name begins with kClientSays; nothing is reckoned from it. No address is kept.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"
#include "core/random.h"
#include "methods/ndt7/transfer_run.h"
#include "schema/access_result.h"

namespace gnomon::server {

inline constexpr std::string_view kVisitors = "visitors";  // name and site of the identity that signs
inline constexpr std::string_view kClientSays = "client_says_";

// `server`: the name that this server shows. A test that the visitor ended before its time is cut short.
schema::AccessResult visitor_result(const methods::ndt7::RunResult& run, WallTime start, Nanoseconds planned,
                                    std::string_view server);

// What the visitor's page says at the end: POST /api/v1/speed/result.
struct ClientWord {
  schema::AccessDirection direction = schema::AccessDirection::kUnspecified;
  std::uint32_t family = 0;                        // 4 or 6; 0: any
  std::optional<double> throughput, idle, loaded;  // bit/s, ns, ns
};
struct VisitorWord {
  std::string ticket;
  schema::AccessNetwork network = schema::AccessNetwork::kUnknown;
  std::vector<ClientWord> tests;  // at most kMostTests
};
inline constexpr std::size_t kMostTests = 4;
// kInvalidArgument, with the member at fault.
Result<VisitorWord> parse_visitor_word(std::string_view body);
// The network and, beside each result, what is said of it.
void add_word(const VisitorWord& word, std::vector<schema::AccessResult>& results);

// Of a result: when its first test began, so that it is found without an index, and 128 random bits. 44 hex digits.
std::string make_result_id(WallTime start, Random& random);
struct ResultName {
  WallTime start;
  std::string plan_item;  // what the results say: a hash of the id, from which no link can be made
};
std::optional<ResultName> read_result_id(std::string_view id);

}  // namespace gnomon::server
