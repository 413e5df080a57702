#pragma once

// Method "stamp", the sending end: STAMP (RFC 8762, RFC 8972) in unauthenticated mode, and TWAMP-Light (RFC 5357) when
// the spec says so. Round trip without the reflector's residence, one-way delay both ways. docs/methods/stamp.md
//
// Immutable; any thread.

#include "methods/packet_method.h"

namespace gnomon::methods::stamp {

const Method& method();

}  // namespace gnomon::methods::stamp
