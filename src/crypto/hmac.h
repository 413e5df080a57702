#pragma once

// HMAC-SHA-256 (RFC 2104, FIPS 198-1). Thread-safe.

#include <span>

#include "crypto/sha256.h"

namespace gnomon::crypto {

Sha256Digest hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message);

}  // namespace gnomon::crypto
