#pragma once

// Method "echo": ICMP and ICMPv6 echo (RFC 792, RFC 4443 §4), round trip (RFC 2681). docs/methods/echo.md
//
// Raw sockets where they are allowed, the kernel's ping sockets elsewhere (sysctl net.ipv4.ping_group_range).
// Immutable; any thread.

#include "methods/packet_method.h"

namespace gnomon::methods::echo {

const Method& method();

// The same with ping sockets only, for tests and for users who want to see what an unprivileged probe sees.
const Method& unprivileged_method();

}  // namespace gnomon::methods::echo
