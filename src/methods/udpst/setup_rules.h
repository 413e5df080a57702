#pragma once

// What a server says to a setup request and to an activation request (RFC 9946), decided without sockets: version,
// connections, authentication, bandwidth, parameters. Pure.

#include <optional>
#include <span>
#include <vector>

#include "methods/udpst/authentication.h"
#include "methods/udpst/key_file.h"
#include "methods/udpst/pdu.h"

namespace gnomon::methods::udpst {

struct SetupPolicy {
  std::vector<SharedKey> keys;                      // empty: no authentication; else it is required
  std::optional<std::uint32_t> max_bandwidth_mbps;  // each way; nothing: no limit
  std::chrono::seconds longest_test{60};
};

// What a client's signature was made with.
struct ClientIdentity {
  std::uint8_t auth_mode = 0, key_id = 0;
  SessionKeys keys;  // derived, from version 20 on
};

struct SetupVerdict {
  SetupResponse response = SetupResponse::kNone;
  ClientIdentity identity;
  std::uint32_t granted_mbps = 0;  // of the limit, when there is one
};

// `raw` are the bytes of `request`. `used_mbps` is what running tests of the same direction hold.
SetupVerdict judge_setup(const SetupPdu& request, std::span<const std::byte> raw, const SetupPolicy& policy,
                         std::uint32_t used_mbps, WallTime now);

// Whether an activation request is signed by the client of the set-up; versions before 20 do not sign it.
bool is_authentic(std::span<const std::byte> raw, std::uint16_t version, const ClientIdentity& identity, WallTime now);

// The request with what the server changes: values out of range become the defaults, the test is no longer than the
// policy allows, markings and random payload are not offered. The response is left as it is.
ActivationPdu agree(const ActivationPdu& request, const SetupPolicy& policy);

}  // namespace gnomon::methods::udpst
