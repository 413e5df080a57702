#pragma once

// The sending rate table of TR-471 §5.2 and ITU-T Y.1540 Annex B, from which the search algorithms choose a row: row i
// is i Mbit/s of IP packets up to 1000 (for packets of 1250 bytes, a little different for 1500), then faster steps.
// Two transmitters: one every 100 µs, one every 1 ms with an extra datagram for the fraction. Row 0 is one datagram of
// random size every 50 ms. Pure.
//
// Its rows end at 1,000,000 datagrams/s, which is 12 Gbit/s where packets have 1500 bytes. Twenty more go on from there
// to twice that, with the second transmitter as fast as the first: any end that does what a report says can send them.

#include <cstddef>
#include <vector>

#include "core/units.h"
#include "methods/udpst/pdu.h"

namespace gnomon::methods::udpst {

inline constexpr std::uint32_t kIpv4Overhead = 28;      // IPv4 and UDP header
inline constexpr std::uint32_t kIpv6Addition = 20;      // an IPv6 header is longer by this
inline constexpr std::uint32_t kLeastPayload = 52;      // a load header and the difference between the families
inline constexpr std::uint32_t kMostBurst = 100;        // datagrams of one transmitter in one interval
inline constexpr std::uint32_t kLargestPayload = 8972;  // a packet of 9000 bytes

// Which datagrams the two ends agreed on in the setup exchange.
struct DatagramProfile {
  bool jumbo = true;             // beyond 1 Gbit/s up to 9000 bytes
  bool traditional_mtu = false;  // packets of 1500 bytes instead of 1250
  friend bool operator==(const DatagramProfile&, const DatagramProfile&) = default;
};

class RateTable {
 public:
  static constexpr std::size_t kStandardRows = 1153;
  static constexpr std::size_t kRows = kStandardRows + 20;

  explicit RateTable(DatagramProfile profile);
  [[nodiscard]] const SendingRate& row(std::size_t index) const { return rows_[index]; }
  [[nodiscard]] std::size_t size() const { return rows_.size(); }
  // The last row that is searched in large steps: 1 Gbit/s.
  [[nodiscard]] std::size_t high_speed_index() const { return high_speed_index_; }
  // The highest row that asks for no more than this.
  [[nodiscard]] std::size_t highest_below(BitRate rate) const;

 private:
  void add_low_rates(std::uint32_t payload, bool traditional);
  void add_high_rates(DatagramProfile profile);
  void add_rates_beyond();
  std::vector<SendingRate> rows_;
  std::size_t high_speed_index_ = 0;
};

// The IP-layer rate that a row asks for; a random size counts with its mean. The same for both families. Any row may be
// asked, also one that is not sane.
BitRate ip_rate(const SendingRate& rate);

// Whole bits; 10^19 for all that is more, since the figures of the other end may say anything.
BitRate to_bit_rate(double bits_per_second);

// Whether an end can send this: what comes from the other end is not believed. Intervals of 100 µs or more (or 0: this
// transmitter is silent), at most 100 datagrams a burst, payloads of 52 to 8972 bytes.
bool is_sane(const SendingRate& rate);

}  // namespace gnomon::methods::udpst
