#include "crypto/secrets.h"

#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdlib>
#include <string_view>

namespace gnomon::crypto {

namespace {

// OpenSSL's secure heap: 32 bytes for an Ed25519 key, and for the X25519 key of each TLS connection as long as it
// lives. Where it is used up no connection gets through its handshake any more, so it holds several times as many as
// are served at once (http::Limits::connections).
constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSecureBytes = kKeyBytes * 32'768;

bool wants_core_dumps() {
  const char* const wish = std::getenv("GNOMON_CORE_DUMPS");
  return wish != nullptr && std::string_view(wish) == "1";
}

}  // namespace

void protect_process() {
  ::umask(077);
  if (!wants_core_dumps()) {
    // 1, not 0: only then a core_pattern that is a pipe gets none either (core(5)).
    const rlimit none{1, 1};
    ::setrlimit(RLIMIT_CORE, &none);
  }
  // Locked, guarded and MADV_DONTDUMP; where locking is not allowed it works without (OPENSSL_secure_malloc(3)).
  CRYPTO_secure_malloc_init(kSecureBytes, kKeyBytes);
}

void forbid_tracing() {
  if (!wants_core_dumps()) ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void wipe(std::string& secret) {
  OPENSSL_cleanse(secret.data(), secret.capacity());
  secret.clear();
}

void wipe(std::span<std::byte> secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
}

}  // namespace gnomon::crypto
