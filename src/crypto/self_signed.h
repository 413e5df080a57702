#pragma once

// A certificate that a server makes for itself when it was given none (X.509, RFC 5280): P-256, signed with its own
// key. Nobody can tell it from somebody else's; it encrypts, it does not prove. Pure but for randomness; thread-safe.

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/error.h"

namespace gnomon::crypto {

struct SelfSigned {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS#8, without password
};

// Valid from an hour before `now`, for clocks that are behind, for `valid`. `names`: host names and addresses that it
// stands for, at least one; the first is its subject too.
Result<SelfSigned> make_self_signed(const std::vector<std::string>& names, WallTime now, Nanoseconds valid);

}  // namespace gnomon::crypto
