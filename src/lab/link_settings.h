#pragma once

// What a link does to the frames of one direction, and changes to it as people write them ("delay=40ms loss=2%").
// Plain values and pure functions.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::lab {

// IPv6 needs 1280 (RFC 8200 §5); the emulator's frames hold 9000.
inline constexpr std::uint32_t kSmallestMtu = 1280;
inline constexpr std::uint32_t kLargestMtu = 9000;
// A policer with less would let no large frame pass.
inline constexpr std::uint64_t kSmallestBurst = kLargestMtu + 14;
inline constexpr Nanoseconds kLongestDelay = std::chrono::seconds(60);

// The model behind each setting stands in link_queue.h.
struct DirectionSettings {
  Nanoseconds delay{0};    // Propagation, 0 to kLongestDelay.
  Nanoseconds jitter{0};   // Half width of the uniform spread about `delay`, 0 to kLongestDelay.
  double loss = 0;         // Lost on the wire, either family, 0 to 1.
  double ipv4_loss = 0;    // Lost besides that, of IPv4 packets only.
  double ipv6_loss = 0;    // Lost besides that, of IPv6 packets only.
  std::uint64_t rate = 0;  // Bits per second of Ethernet frames (header counted, preamble and FCS not); 0 is unlimited.
  Nanoseconds queue{std::chrono::milliseconds(100)};  // The longest wait before serialisation; tail drop beyond.
  std::uint64_t police = 0;       // Bits per second that a policer before the queue lets through; 0: there is none.
  std::uint64_t burst = 100'000;  // Bytes that the policer's bucket holds, full at first; kSmallestBurst and above.
  double reorder = 0;             // Held back until a later packet of the same flow has passed.
  double duplicate = 0;           // Sent twice.
  std::uint32_t mtu = 1500;       // The largest IP packet, kSmallestMtu to kLargestMtu.
  bool blackhole = false;  // The sites at the ends don't know `mtu`: bigger packets vanish without an ICMP message.

  friend bool operator==(const DirectionSettings&, const DirectionSettings&) = default;
};

// Some settings to change, the others to leave.
struct SettingsChange {
  std::optional<Nanoseconds> delay;
  std::optional<Nanoseconds> jitter;
  std::optional<double> loss;
  std::optional<double> ipv4_loss;
  std::optional<double> ipv6_loss;
  std::optional<std::uint64_t> rate;
  std::optional<Nanoseconds> queue;
  std::optional<std::uint64_t> police;
  std::optional<std::uint64_t> burst;
  std::optional<double> reorder;
  std::optional<double> duplicate;
  std::optional<std::uint32_t> mtu;
  std::optional<bool> blackhole;

  void apply_to(DirectionSettings& settings) const;
  friend bool operator==(const SettingsChange&, const SettingsChange&) = default;
};

// The names of the settings, in the order of the struct.
const std::vector<std::string>& setting_names();

// Sets one setting from its name and value. kInvalidArgument names what is wrong and the nearest valid word.
Status parse_setting(std::string_view name, std::string_view value, SettingsChange& change);
// Words of the form NAME=VALUE, at least one.
Result<SettingsChange> parse_settings(std::span<const std::string> words);

// The settings that differ from `base`, as words that parse_settings reads; empty when none does.
std::string describe_difference(const DirectionSettings& settings, const DirectionSettings& base);
// Every setting that does something, as words.
std::string describe(const DirectionSettings& settings);

}  // namespace gnomon::lab
