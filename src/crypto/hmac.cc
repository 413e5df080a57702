#include "crypto/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace gnomon::crypto {

Sha256Digest hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  Sha256Digest digest;
  unsigned length = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(message.data()),
       message.size(), reinterpret_cast<unsigned char*>(digest.data()), &length);
  return digest;
}

}  // namespace gnomon::crypto
