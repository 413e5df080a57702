#pragma once

// `gnomon speed --all`: every method over the same access, one after the other in one turn of the server's line, and
// what their figures say together. Plain values.

#include <optional>
#include <string>
#include <vector>

#include "analysis/access_verdict.h"
#include "cli/speed_session.h"
#include "methods/udpst/key_file.h"
#include "schema/transfer.h"

namespace gnomon::cli {

inline constexpr double kLongestAllSeconds = 30;  // a direction of a method, so that a turn holds all of them

struct SpeedAllRequest {
  SpeedRequest speed;  // target, server, directions, time; its streams: of "several"
  std::optional<methods::udpst::SharedKey> udpst_key;
  std::string ndt7;            // URL or HOST[:PORT]; empty: as the server says
  std::string responsiveness;  // HOST[:PORT] or URL; empty: as the server says
};

enum class MethodState : std::uint8_t {
  kMeasured,
  kBrokeOff,    // with a figure until then, or without one
  kNotOffered,  // the server does not serve it
  kNoAnswer,    // nothing came back: blocked on the way, or nobody there
  kRefused,     // the server said no
  kStopped,     // by the user
};
std::string_view to_string(MethodState state);  // "no_answer", as in JSON

// One method in one direction.
struct MethodRun {
  std::string method;  // "tcp", "udpst", "ndt7", "responsiveness"
  std::string name;    // "TCP, one stream"
  schema::Direction direction = schema::Direction::kDown;
  MethodState state = MethodState::kMeasured;
  std::string reason;                        // one sentence; empty when measured
  std::optional<analysis::MethodRate> rate;  // when there is a figure; its name is `name`
  std::optional<double> client_cpu_s_per_gb, server_cpu_s_per_gb;
  std::uint32_t mss = 0;             // bytes, of TCP's sender; 0: not known
  std::optional<double> rpm;         // responsiveness alone
  std::optional<Nanoseconds> queue;  // what the load added to the round trip, where the method says it
  std::string detail;                // JSON as the method's own command prints it; empty: nothing
};

// One direction, put together.
struct AccessDirection {
  schema::Direction direction = schema::Direction::kDown;
  analysis::PathPackets packets;
  std::vector<MethodRun> runs;                  // in the order in which they were shown
  std::vector<analysis::ReconciledRate> rates;  // of those that have a rate, in that order
  analysis::AccessVerdict verdict;
};

struct SpeedAllResult {
  bool one_turn = false;       // all ran in one turn of the server's line
  std::string turn_reason;     // why not
  Nanoseconds waited{};        // for the turn
  std::string server_program;  // empty: not known
  std::vector<AccessDirection> directions;
  bool stopped = false;
};

// Sets rates and verdict from the runs. Pure.
void reckon(AccessDirection& direction, Family family);

// 0: every direction has a figure and nothing broke off; 1 otherwise.
int exit_code_of(const SpeedAllResult& result);

}  // namespace gnomon::cli
