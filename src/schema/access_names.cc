#include "schema/access_names.h"

#include <array>

namespace gnomon::schema {

namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 4> kDirections = {"unspecified", "down", "up", "both"};
constexpr std::array<std::string_view, 6> kNetworks = {"unknown", "fixed", "wifi", "5g", "4g", "other"};
constexpr std::array<std::string_view, 9> kOutcomes = {"unspecified", "done",      "cut_short",  "refused", "blocked",
                                                       "unreachable", "timed_out", "no_address", "not_run"};
constexpr std::array<std::string_view, 5> kLayers = {"unspecified", "ip", "tcp", "websocket", "http"};
constexpr std::array<std::string_view, 4> kConfidences = {"unspecified", "low", "medium", "high"};
constexpr std::array<std::string_view, 11> kLimits = {"unspecified", "network",    "policer",        "loss",
                                                      "client_cpu",  "server_cpu", "receive_window", "send_buffer",
                                                      "application", "radio",      "unsure"};

template <typename E>
std::string_view word_of(Words words, E value) {
  const auto at = static_cast<std::size_t>(value);
  return at < words.size() ? words[at] : "unspecified";
}

template <typename E>
std::optional<E> parse(Words words, std::string_view word) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == word) return static_cast<E>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(AccessDirection direction) {
  return word_of(kDirections, direction);
}
std::string_view to_string(AccessNetwork network) {
  return word_of(kNetworks, network);
}
std::string_view to_string(AccessOutcome outcome) {
  return word_of(kOutcomes, outcome);
}
std::string_view to_string(ThroughputLayer layer) {
  return word_of(kLayers, layer);
}
std::string_view to_string(RpmConfidence confidence) {
  return word_of(kConfidences, confidence);
}
std::string_view to_string(AccessLimit limit) {
  return word_of(kLimits, limit);
}

std::optional<AccessDirection> parse_access_direction(std::string_view word) {
  return parse<AccessDirection>(kDirections, word);
}
std::optional<AccessNetwork> parse_access_network(std::string_view word) {
  return parse<AccessNetwork>(kNetworks, word);
}

AccessNetwork network_of_access(std::string_view access) {
  if (access.empty()) return AccessNetwork::kUnknown;
  if (access == "lte") return AccessNetwork::k4g;
  if (access == "wi-fi" || access == "wlan") return AccessNetwork::kWifi;
  return parse_access_network(access).value_or(AccessNetwork::kOther);
}

}  // namespace gnomon::schema
