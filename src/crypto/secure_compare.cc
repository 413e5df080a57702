#include "crypto/secure_compare.h"

#include <openssl/crypto.h>

namespace gnomon::crypto {

bool secure_equal(std::span<const std::byte> a, std::span<const std::byte> b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool secure_equal(std::string_view a, std::string_view b) noexcept {
  return secure_equal(std::as_bytes(std::span(a)), std::as_bytes(std::span(b)));
}

}  // namespace gnomon::crypto
