#pragma once

// The certificate that a responsiveness server makes for itself when it was given none: for this machine's name, for
// localhost, and for the address that it listens on. Nobody vouches for it.

#include "core/error.h"
#include "crypto/self_signed.h"
#include "net/address.h"

namespace gnomon::cli {

Result<crypto::SelfSigned> make_speed_certificate(const net::Address& listen);

// This machine's name, "localhost" when it has none.
std::string own_host_name();

}  // namespace gnomon::cli
