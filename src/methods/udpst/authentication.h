#pragma once

// Authentication mode 1 of RFC 9946: HMAC-SHA-256 over each control PDU. From protocol version 20 on, the two ends sign
// with keys of their own, derived from the shared secret and the time in the setup request: KBKDF in counter mode with
// HMAC-SHA-256 (NIST SP 800-108r1 §4.1), label "UDPSTP", context the Unix time in decimal, 64 bytes of output. Before,
// the secret itself is the key, and only the client signs. Pure functions.

#include <span>
#include <string_view>

#include "core/clock.h"
#include "crypto/sha256.h"
#include "methods/udpst/pdu.h"

namespace gnomon::methods::udpst {

// A PDU's time may be so far from the receiver's clock.
inline constexpr std::chrono::seconds kTimeWindow{5};

struct SessionKeys {
  crypto::Sha256Digest client{}, server{};  // who signs
};

SessionKeys derive_keys(std::string_view secret, std::uint32_t unix_time);

// Writes mode 1, time, key id and digest into an encoded PDU whose authMode stands at `offset`.
void sign(std::span<std::byte> pdu, std::size_t offset, std::span<const std::byte> key, std::uint8_t key_id,
          std::uint32_t unix_time);

enum class AuthVerdict : std::uint8_t { kGood, kWrongDigest, kOutsideWindow };

// The time is looked at when the digest is right. `pdu` was decoded and holds mode 1.
AuthVerdict verify(std::span<const std::byte> pdu, std::size_t offset, std::span<const std::byte> key, WallTime now);

std::uint32_t unix_seconds(WallTime time);

}  // namespace gnomon::methods::udpst
