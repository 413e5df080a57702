#include "methods/udpst/authentication.h"

#include <algorithm>
#include <string>
#include <vector>

#include "crypto/hmac.h"
#include "crypto/secure_compare.h"
#include "methods/udpst/udpst_codec.h"
#include "wire/byte_order.h"

namespace gnomon::methods::udpst {
namespace {

// From authMode on: time, digest, key id, a reserved octet, checksum.
constexpr std::size_t kTimeAt = 1, kDigestAt = 5, kKeyIdAt = 37, kChecksumAt = 39;
constexpr std::string_view kLabel = "UDPSTP";

crypto::Sha256Digest digest_of(std::span<const std::byte> pdu, std::size_t offset, std::span<const std::byte> key) {
  std::vector<std::byte> bare(pdu.begin(), pdu.end());
  const auto fields = std::span(bare).subspan(offset);
  std::ranges::fill(fields.subspan(kDigestAt, sizeof(crypto::Sha256Digest)), std::byte{0});
  wire::store<std::uint16_t>(fields, kChecksumAt, 0);
  return crypto::hmac_sha256(key, bare);
}

}  // namespace

SessionKeys derive_keys(std::string_view secret, std::uint32_t unix_time) {
  const auto context = std::to_string(unix_time);
  const auto block = [&](std::uint32_t counter) {
    std::vector<std::byte> input(4);
    wire::store<std::uint32_t>(input, 0, counter);
    for (const char letter : kLabel) input.push_back(static_cast<std::byte>(letter));
    input.push_back(std::byte{0});
    for (const char digit : context) input.push_back(static_cast<std::byte>(digit));
    input.resize(input.size() + 4);
    wire::store<std::uint32_t>(input, input.size() - 4, 8 * 2 * sizeof(crypto::Sha256Digest));  // bits of output
    return crypto::hmac_sha256(std::as_bytes(std::span(secret)), input);
  };
  return {block(1), block(2)};
}

void sign(std::span<std::byte> pdu, std::size_t offset, std::span<const std::byte> key, std::uint8_t key_id,
          std::uint32_t unix_time) {
  const auto fields = pdu.subspan(offset);
  fields[0] = std::byte{1};
  wire::store<std::uint32_t>(fields, kTimeAt, unix_time);
  fields[kKeyIdAt] = std::byte{key_id};
  const auto digest = digest_of(pdu, offset, key);
  std::ranges::copy(digest, fields.subspan(kDigestAt).begin());
}

AuthVerdict verify(std::span<const std::byte> pdu, std::size_t offset, std::span<const std::byte> key, WallTime now) {
  const auto fields = pdu.subspan(offset);
  const auto digest = digest_of(pdu, offset, key);
  if (!crypto::secure_equal(digest, fields.subspan(kDigestAt, digest.size()))) return AuthVerdict::kWrongDigest;
  const WallTime signed_at{std::chrono::seconds(wire::load<std::uint32_t>(fields, kTimeAt))};
  const WallTime second{std::chrono::floor<std::chrono::seconds>(now.since_epoch)};
  const bool inside = signed_at >= second - kTimeWindow && signed_at <= second + kTimeWindow;
  return inside ? AuthVerdict::kGood : AuthVerdict::kOutsideWindow;
}

std::uint32_t unix_seconds(WallTime time) {
  return static_cast<std::uint32_t>(std::chrono::floor<std::chrono::seconds>(time.since_epoch).count());
}

}  // namespace gnomon::methods::udpst
