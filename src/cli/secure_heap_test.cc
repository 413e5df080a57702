// The keys that a server holds at its busiest have room in the memory that no dump shows.

#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <memory>
#include <vector>

#include "crypto/secrets.h"
#include "http/server.h"

namespace gnomon {
namespace {

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};

// The key that a TLS connection keeps as long as it lives. How many of `wanted` there is room for.
std::size_t connection_keys(std::size_t wanted) {
  std::vector<std::unique_ptr<EVP_PKEY, FreeKey>> keys;
  while (keys.size() < wanted) {
    EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519");
    if (key == nullptr) break;
    keys.emplace_back(key);
  }
  return keys.size();
}

TEST(SecureHeap, HoldsTwiceTheKeysOfAllConnections) {
  constexpr std::size_t kConnections = http::Limits{}.connections;
  // In a process of its own: the protection is for the whole process and for good.
  EXPECT_EXIT(
      {
        crypto::protect_process();
        ::_exit(connection_keys(2 * kConnections) == 2 * kConnections ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace gnomon
