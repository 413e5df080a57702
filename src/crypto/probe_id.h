#pragma once

// The name that a probe's key gives it: the first 16 bytes of SHA-256 over the raw public key. Pure function.

#include "core/ids.h"
#include "crypto/ed25519.h"

namespace gnomon::crypto {

ProbeId probe_id(const PublicKeyBytes& public_key);
inline ProbeId probe_id(const PublicKey& public_key) {
  return probe_id(public_key.bytes());
}

}  // namespace gnomon::crypto
