#pragma once

// Passwords as Argon2id (RFC 9106), in the reference implementation's text form "$argon2id$v=19$m=…,t=…,p=…$salt$hash".
//
// The default cost is the RFC's second recommendation (section 4: t=3, p=4, m=64 MiB), about 0.1 s of one core. At most
// two are computed at once in a process, the others wait, so that logins never take more than 128 MiB. Thread-safe.

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/random.h"

namespace gnomon::server {

struct PasswordCost {
  std::uint32_t passes = 3;
  std::uint32_t memory_kib = 64 * 1024;
  std::uint32_t lanes = 4;
};

inline constexpr std::size_t kMinimumPassword = 10;    // characters; NIST SP 800-63B asks for 8 at least
inline constexpr std::size_t kMaximumPassword = 1024;  // bytes

Result<std::string> hash_password(std::string_view password, Random& random, const PasswordCost& cost = {});
bool verify_password(std::string_view password, const std::string& hash);
// kInvalidArgument when it is too short or too long.
Status check_new_password(std::string_view password);
// Five groups of four letters and digits that are told apart easily: 98 bits.
std::string generate_password(Random& random);

}  // namespace gnomon::server
