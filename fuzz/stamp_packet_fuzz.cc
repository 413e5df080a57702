// links: wire
// STAMP and TWAMP-Light packets in both roles, with the numbers inside them. What is decoded must encode to the same
// bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wire/ntp_time.h"
#include "wire/stamp.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  const auto input = std::as_bytes(std::span(bytes, size));
  if (const auto request = wire::decode_stamp_request(input)) {
    std::vector<std::byte> copy(input.begin(), input.end());
    wire::encode_stamp_request(request->packet, request->dialect, copy);
    if (!std::equal(copy.begin(), copy.end(), input.begin())) __builtin_trap();
  }
  if (const auto reply = wire::decode_stamp_reply(input)) {
    const WallTime pivot{std::chrono::seconds(1'800'000'000)};
    if (const auto estimate = wire::decode_error_estimate(reply->error_estimate)) {
      (void)wire::decode_timestamp(reply->timestamp, estimate->format, pivot);
      const auto again = wire::decode_error_estimate(wire::encode_error_estimate(*estimate));
      if (!again || again->error < estimate->error) __builtin_trap();
    }
    std::vector<std::byte> copy(input.begin(), input.end());
    wire::encode_stamp_reply(*reply, wire::SenderDialect::kStamp, copy);
    if (copy.size() != size) __builtin_trap();
  }
  return 0;
}
