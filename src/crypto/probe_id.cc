#include "crypto/probe_id.h"

#include <algorithm>

#include "crypto/sha256.h"

namespace gnomon::crypto {

ProbeId probe_id(const PublicKeyBytes& public_key) {
  const Sha256Digest digest = sha256(public_key);
  ProbeId id;
  std::copy_n(digest.begin(), id.bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace gnomon::crypto
