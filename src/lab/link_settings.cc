#include "lab/link_settings.h"

#include <fmt/format.h>

#include "core/nearest_word.h"
#include "lab/quantity.h"

namespace gnomon::lab {

namespace {

constexpr const char* kOperation = "set link";

tl::unexpected<Error> bad_value(std::string_view name, std::string_view value, const char* expected) {
  return failure(ErrorCode::kInvalidArgument, kOperation, std::string(name),
                 fmt::format("'{}' is no {}", value, expected));
}

Status read_duration(std::string_view name, std::string_view text, std::optional<Nanoseconds>& out) {
  const auto value = parse_duration(text);
  if (!value) return bad_value(name, text, "duration; write a number and ns, us, ms or s, e.g. 40ms");
  if (*value > kLongestDelay) return bad_value(name, text, "duration of at most 60s");
  out = value;
  return {};
}

Status read_ratio(std::string_view name, std::string_view text, std::optional<double>& out) {
  const auto value = parse_ratio(text);
  if (!value) return bad_value(name, text, "share from 0 to 1; write e.g. 2%, 150ppm or 0.02");
  out = value;
  return {};
}

Status read_rate(std::string_view name, std::string_view text, std::optional<std::uint64_t>& out) {
  const auto value = parse_rate(text);
  if (!value) return bad_value(name, text, "rate; write bits per second, e.g. 64k, 100M, 2.5G or unlimited");
  out = value;
  return {};
}

Status read_mtu(std::string_view name, std::string_view text, std::optional<std::uint32_t>& out) {
  const auto value = parse_whole_number(text);
  if (!value || *value < kSmallestMtu || *value > kLargestMtu) {
    return bad_value(name, text, "MTU; write bytes of an IP packet, from 1280 (the least that IPv6 allows) to 9000");
  }
  out = static_cast<std::uint32_t>(*value);
  return {};
}

Status read_burst(std::string_view name, std::string_view text, std::optional<std::uint64_t>& out) {
  const auto value = parse_bytes(text);
  if (!value || *value < kSmallestBurst) {
    return bad_value(name, text, "number of bytes; write e.g. 100kB or 2MB, at least 9014 (one large frame)");
  }
  out = value;
  return {};
}

Status read_switch(std::string_view name, std::string_view text, std::optional<bool>& out) {
  const auto value = parse_switch(text);
  if (!value) return bad_value(name, text, "switch; write on or off");
  out = value;
  return {};
}

template <typename T>
void assign(T& target, const std::optional<T>& value) {
  if (value) target = *value;
}

}  // namespace

void SettingsChange::apply_to(DirectionSettings& settings) const {
  assign(settings.delay, delay);
  assign(settings.jitter, jitter);
  assign(settings.loss, loss);
  assign(settings.ipv4_loss, ipv4_loss);
  assign(settings.ipv6_loss, ipv6_loss);
  assign(settings.rate, rate);
  assign(settings.queue, queue);
  assign(settings.police, police);
  assign(settings.burst, burst);
  assign(settings.reorder, reorder);
  assign(settings.duplicate, duplicate);
  assign(settings.mtu, mtu);
  assign(settings.blackhole, blackhole);
}

const std::vector<std::string>& setting_names() {
  static const std::vector<std::string> kNames{"delay",     "jitter", "loss",     "ipv4_loss", "ipv6_loss",
                                               "rate",      "queue",  "police",   "burst",     "reorder",
                                               "duplicate", "mtu",    "blackhole"};
  return kNames;
}

Status parse_setting(std::string_view name, std::string_view value, SettingsChange& change) {
  if (name == "delay") return read_duration(name, value, change.delay);
  if (name == "jitter") return read_duration(name, value, change.jitter);
  if (name == "loss") return read_ratio(name, value, change.loss);
  if (name == "ipv4_loss") return read_ratio(name, value, change.ipv4_loss);
  if (name == "ipv6_loss") return read_ratio(name, value, change.ipv6_loss);
  if (name == "rate") return read_rate(name, value, change.rate);
  if (name == "queue") return read_duration(name, value, change.queue);
  if (name == "police") return read_rate(name, value, change.police);
  if (name == "burst") return read_burst(name, value, change.burst);
  if (name == "reorder") return read_ratio(name, value, change.reorder);
  if (name == "duplicate") return read_ratio(name, value, change.duplicate);
  if (name == "mtu") return read_mtu(name, value, change.mtu);
  if (name == "blackhole") return read_switch(name, value, change.blackhole);
  const auto near = nearest_word(name, setting_names());
  return failure(ErrorCode::kInvalidArgument, kOperation, std::string(name), "no such setting",
                 near ? fmt::format("did you mean {}?", *near)
                      : fmt::format("the settings are {}", fmt::join(setting_names(), ", ")));
}

Result<SettingsChange> parse_settings(std::span<const std::string> words) {
  SettingsChange change;
  if (words.empty()) {
    return failure(ErrorCode::kInvalidArgument, kOperation, "", "nothing to set",
                   "write e.g. delay=40ms loss=2%, or default");
  }
  for (const std::string& word : words) {
    const auto equals = word.find('=');
    if (equals == std::string::npos) {
      return failure(ErrorCode::kInvalidArgument, kOperation, word, "not of the form NAME=VALUE",
                     "write e.g. delay=40ms");
    }
    const Status status =
        parse_setting(std::string_view(word).substr(0, equals), std::string_view(word).substr(equals + 1), change);
    if (!status) return tl::unexpected(status.error());
  }
  return change;
}

std::string describe_difference(const DirectionSettings& settings, const DirectionSettings& base) {
  std::vector<std::string> words;
  const auto add = [&words](const char* name, const auto& value, const auto& old, const auto& format) {
    if (value != old) words.push_back(fmt::format("{}={}", name, format(value)));
  };
  const auto whole = [](std::uint32_t value) { return std::to_string(value); };
  const auto on_off = [](bool value) { return std::string(value ? "on" : "off"); };
  add("delay", settings.delay, base.delay, format_duration);
  add("jitter", settings.jitter, base.jitter, format_duration);
  add("loss", settings.loss, base.loss, format_ratio);
  add("ipv4_loss", settings.ipv4_loss, base.ipv4_loss, format_ratio);
  add("ipv6_loss", settings.ipv6_loss, base.ipv6_loss, format_ratio);
  add("rate", settings.rate, base.rate, format_rate);
  add("queue", settings.queue, base.queue, format_duration);
  add("police", settings.police, base.police, format_rate);
  add("burst", settings.burst, base.burst, format_bytes);
  add("reorder", settings.reorder, base.reorder, format_ratio);
  add("duplicate", settings.duplicate, base.duplicate, format_ratio);
  add("mtu", settings.mtu, base.mtu, whole);
  add("blackhole", settings.blackhole, base.blackhole, on_off);
  return fmt::format("{}", fmt::join(words, " "));
}

std::string describe(const DirectionSettings& settings) {
  DirectionSettings nothing;
  if (settings.rate == 0) nothing.queue = settings.queue;    // Without a rate no queue ever forms.
  if (settings.police == 0) nothing.burst = settings.burst;  // Nor is a bucket emptied.
  return describe_difference(settings, nothing);
}

}  // namespace gnomon::lab
