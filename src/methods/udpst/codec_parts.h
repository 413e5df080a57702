#pragma once

// What several PDUs share, for udpst_codec.cc and status_codec.cc only: a reader and a writer that go through the
// fields in order, the sending rate, the authentication. The caller has checked the size.

#include <span>

#include "methods/udpst/pdu.h"
#include "wire/byte_order.h"
#include "wire/checksum.h"

namespace gnomon::methods::udpst {

class FieldReader {
 public:
  explicit FieldReader(std::span<const std::byte> bytes) noexcept : bytes_(bytes) {}
  template <typename Number>
  Number take() noexcept {
    const auto value = wire::load<Number>(bytes_, at_);
    at_ += sizeof(Number);
    return value;
  }
  void skip(std::size_t count) noexcept { at_ += count; }

 private:
  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
};

class FieldWriter {
 public:
  explicit FieldWriter(std::span<std::byte> bytes) noexcept : bytes_(bytes) {}
  template <typename Number>
  FieldWriter& put(Number value) noexcept {
    wire::store<Number>(bytes_, at_, value);
    at_ += sizeof(Number);
    return *this;
  }
  FieldWriter& zero(std::size_t count) noexcept {
    for (; count > 0; --count) bytes_[at_++] = std::byte{0};
    return *this;
  }
  [[nodiscard]] std::size_t written() const noexcept { return at_; }

 private:
  std::span<std::byte> bytes_;
  std::size_t at_ = 0;
};

inline SendingRate take_rate(FieldReader& in) noexcept {
  SendingRate rate;
  for (auto* field : {&rate.interval1_us, &rate.payload1, &rate.burst1, &rate.interval2_us, &rate.payload2,
                      &rate.burst2, &rate.addon2}) {
    *field = in.take<std::uint32_t>();
  }
  return rate;
}

inline void put_rate(FieldWriter& out, const SendingRate& rate) noexcept {
  for (const auto field :
       {rate.interval1_us, rate.payload1, rate.burst1, rate.interval2_us, rate.payload2, rate.burst2, rate.addon2}) {
    out.put<std::uint32_t>(field);
  }
}

inline Authentication take_authentication(FieldReader& in) noexcept {
  Authentication auth;
  auth.mode = in.take<std::uint8_t>();
  auth.unix_time = in.take<std::uint32_t>();
  for (auto& byte : auth.digest) byte = std::byte{in.take<std::uint8_t>()};
  auth.key_id = in.take<std::uint8_t>();
  return auth;
}

// With the reserved octet and the checksum that end the PDU.
inline void put_authentication(FieldWriter& out, const Authentication& auth) noexcept {
  out.put<std::uint8_t>(auth.mode).put<std::uint32_t>(auth.unix_time);
  for (const auto byte : auth.digest) out.put<std::uint8_t>(std::to_integer<std::uint8_t>(byte));
  out.put<std::uint8_t>(auth.key_id).zero(3);
}

// A checksum of zero says that the sender made none. `at` is where it stands.
inline bool checksum_holds(std::span<const std::byte> bytes, std::size_t at) noexcept {
  return wire::load<std::uint16_t>(bytes, at) == 0 || wire::internet_checksum(bytes) == 0;
}

inline bool has_id(std::span<const std::byte> bytes, PduId id) noexcept {
  return wire::load<std::uint16_t>(bytes, 0) == static_cast<std::uint16_t>(id);
}

}  // namespace gnomon::methods::udpst
