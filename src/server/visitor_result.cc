#include "server/visitor_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "analysis/delivery_curve.h"
#include "analysis/ramp_up.h"
#include "analysis/result_verdict.h"
#include "analysis/transfer_ends.h"
#include "core/hex.h"
#include "core/version.h"
#include "crypto/sha256.h"
#include "methods/ndt7/ndt7_client.h"

namespace gnomon::server {

namespace {

using methods::ndt7::RunEnd;
using methods::ndt7::RunResult;
using schema::AccessOutcome;
using schema::AccessResult;

constexpr std::size_t kTimeDigits = 12;  // milliseconds since 1970 until the year 10889
constexpr std::size_t kRandomDigits = 32;

AccessOutcome outcome_of(const RunResult& run, Nanoseconds planned) {
  if (run.bytes == 0) return run.end == RunEnd::kIdle ? AccessOutcome::kBlocked : AccessOutcome::kCutShort;
  // A sender's clock may stand a little behind ours.
  return run.end == RunEnd::kDone && run.elapsed >= planned * 9 / 10 ? AccessOutcome::kDone : AccessOutcome::kCutShort;
}

}  // namespace

AccessResult visitor_result(const RunResult& run, WallTime start, Nanoseconds planned, std::string_view server) {
  AccessResult out;
  out.start = WallTime{std::chrono::floor<std::chrono::milliseconds>(start.since_epoch)};
  out.duration = std::chrono::duration_cast<std::chrono::milliseconds>(run.elapsed);
  out.target = server;
  out.family = run.peer_endpoint.empty() ? 0 : run.peer_endpoint.starts_with('[') ? 6 : 4;
  out.method = "ndt7";
  out.direction = run.transfer.direction == schema::Direction::kDown ? schema::AccessDirection::kDown
                                                                     : schema::AccessDirection::kUp;
  out.streams = 1;
  out.outcome = outcome_of(run, planned);
  out.layer = schema::ThroughputLayer::kWebSocket;
  out.idle_p50 = run.idle_rtt;
  out.software = "gnomon " + std::string(version());
  const auto& samples = run.transfer.samples;
  out.samples = static_cast<std::uint32_t>(samples.size());
  if (samples.empty()) return out;
  out.moved_bytes = samples.back().received_bytes;
  out.throughput = static_cast<std::uint64_t>(std::llround(methods::ndt7::mean_bits_per_second(run.transfer)));
  const Nanoseconds ramp = analysis::ramp_up(analysis::DeliveryCurve(samples)).end;
  const analysis::LoadedDelay loaded = analysis::loaded_delay(run.transfer, ramp);
  out.loaded_p50 = loaded.p50;
  out.loaded_p95 = loaded.p95;
  analysis::fill_ends(run.transfer, out);
  analysis::fill_verdict(analysis::transfer_limit(run.transfer), out);
  return out;
}

void add_word(const VisitorWord& word, std::vector<AccessResult>& results) {
  for (AccessResult& result : results) {
    result.network = word.network;
    const auto said = std::ranges::find_if(word.tests, [&](const ClientWord& one) {
      return one.direction == result.direction && (one.family == 0 || one.family == result.family);
    });
    if (said == word.tests.end()) continue;
    const auto add = [&](std::string_view name, std::optional<double> value, const char* unit) {
      if (!value) return;
      if (result.evidence.size() == schema::kMaximumEvidence) result.evidence.pop_back();
      result.evidence.push_back({fmt::format("{}{}", kClientSays, name), *value, unit});
    };
    add("throughput", said->throughput, "bit/s");
    add("idle", said->idle, "ns");
    add("loaded", said->loaded, "ns");
  }
}

std::string make_result_id(WallTime start, Random& random) {
  std::array<std::byte, kRandomDigits / 2> secret{};
  random.fill(secret);
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(start.since_epoch).count();
  return fmt::format("{:012x}{}", static_cast<std::uint64_t>(ms) & 0xffff'ffff'ffff, to_hex(secret));
}

std::optional<ResultName> read_result_id(std::string_view id) {
  if (id.size() != kTimeDigits + kRandomDigits || id.find_first_not_of("0123456789abcdef") != id.npos) {
    return std::nullopt;
  }
  std::int64_t ms = 0;
  std::from_chars(id.data(), id.data() + kTimeDigits, ms, 16);
  // Half of the hash is as much as the id's own secret.
  const auto digest = crypto::sha256(id);
  return ResultName{WallTime{std::chrono::milliseconds(ms)},
                    fmt::format("{} {}", kVisitors, to_hex(std::span(digest).first(16)))};
}

}  // namespace gnomon::server
