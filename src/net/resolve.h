#pragma once

// Names to addresses through the system's resolver (getaddrinfo(3)). Blocks; any thread.

#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/units.h"
#include "net/address.h"

namespace gnomon::net {

// In the order the system prefers (RFC 6724), each once; never empty. An address as text resolves to itself. kNotFound:
// no such name, or none of this family; kUnavailable: the resolver does not answer.
Result<std::vector<Address>> resolve(const std::string& name, std::optional<Family> family);

}  // namespace gnomon::net
