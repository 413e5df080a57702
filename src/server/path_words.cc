#include "server/path_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <tuple>

namespace gnomon::server {

namespace {

constexpr std::uint32_t kPingPayload = 56;  // gnomon ping's own default
constexpr std::uint32_t kStampPort = 862;   // RFC 8762 section 4.1

std::string lower(std::string_view text) {
  std::string low(text);
  for (char& c : low) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return low;
}

// Words that a shell takes as they are; anything else is quoted.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789.:-_%") == std::string::npos;
  if (plain) return word;
  std::string safe = "'";
  for (const char c : word) safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return safe + "'";
}

// How well `other` is the way back of `path`: 0 not at all.
int reverse_score(const PathIdentity& path, const PathIdentity& other) {
  if (other.method != path.method || other.family != path.family || other.dscp != path.dscp) return 0;
  if (path.source_site.empty() || path.target_site.empty()) return 0;
  if (other.source_site != path.target_site || other.target_site != path.source_site) return 0;
  int score = 1;
  if (other.vantage() == path.target) score += 4;
  if (other.target == path.vantage()) score += 4;
  if (other.plan_item == path.plan_item) score += 2;
  if (other.payload_bytes == path.payload_bytes) score += 1;
  return score;
}

}  // namespace

std::string measure_by_hand(const PathIdentity& path, const std::string& run_at) {
  std::string command = run_at + "gnomon ping " + quoted(path.address.empty() ? path.target : path.address);
  if (path.address.empty()) command += path.family == 6 ? " -6" : " -4";
  if (path.method == "stamp") {
    command += path.port == 0 || path.port == kStampPort ? " --stamp" : fmt::format(" --stamp={}", path.port);
  }
  if (path.interval_ms != 0 && path.interval_ms != 1000) command += fmt::format(" -i {:g}", path.interval_ms / 1000.0);
  if (path.payload_bytes != kPingPayload) command += fmt::format(" -s {}", path.payload_bytes);
  if (path.dscp != 0) command += fmt::format(" --dscp {}", path.dscp);
  return command;
}

std::optional<PathId> reverse_of(const PathIdentity& path, std::span<const PathView> all) {
  std::optional<PathId> best;
  int best_score = 0;
  for (const PathView& other : all) {
    const int score = reverse_score(path, *other.identity);
    const bool better = score > best_score || (score == best_score && best && other.identity->id < *best);
    if (score == 0 || !better) continue;
    best = other.identity->id;
    best_score = score;
  }
  return best;
}

bool matches(const PathView& path, const PathFilter& filter) {
  const PathIdentity& identity = *path.identity;
  if (filter.method && identity.method != *filter.method) return false;
  if (filter.family && identity.family != *filter.family) return false;
  if (filter.site && identity.source_site != *filter.site && identity.target_site != *filter.site) return false;
  if (filter.state && path.state != *filter.state) return false;
  if (filter.words.empty()) return true;
  const std::string text =
      lower(fmt::format("{} {} {} {} {} {} {} ipv{} {}", to_string(identity.id), identity.vantage(), identity.target,
                        identity.target_site, identity.plan_item, identity.address, identity.method, identity.family,
                        analysis::to_string(path.state)));
  const std::string wanted = lower(filter.words);
  for (std::size_t at = 0; at < wanted.size();) {
    const std::size_t end = std::min(wanted.find(' ', at), wanted.size());
    if (end > at && text.find(wanted.substr(at, end - at)) == std::string::npos) return false;
    at = end + 1;
  }
  return true;
}

int badness(PathState state) {
  switch (state) {
    case PathState::kBroken:
      return 5;
    case PathState::kDegraded:
      return 4;
    case PathState::kSick:
      return 3;
    case PathState::kStale:
      return 2;
    case PathState::kUnknown:
      return 1;
    case PathState::kGood:
      return 0;
  }
  return 0;
}

bool shown_before(const PathView& a, const PathView& b) {
  const auto rank = [](const PathView& path) {
    const PathIdentity& p = *path.identity;
    return std::tuple(-badness(path.state), p.vantage(), std::string_view(p.target), p.family,
                      std::string_view(p.method), p.id);
  };
  return rank(a) < rank(b);
}

}  // namespace gnomon::server
