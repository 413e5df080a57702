// links: wire
// TLVs of a request, marked by the reflector: only flag octets may change, and never the length.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "wire/stamp_tlv.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  const auto input = std::as_bytes(std::span(bytes, size));
  (void)wire::decode_stamp_tlv(input);
  std::vector<std::byte> marked(input.begin(), input.end());
  const auto counts = wire::mark_stamp_tlvs(marked);
  if (counts.malformed > 1) __builtin_trap();
  std::size_t changed = 0;
  for (std::size_t i = 0; i < size; ++i) changed += marked[i] != input[i] ? 1 : 0;
  if (changed > counts.known + counts.unrecognized + counts.malformed) __builtin_trap();
  // Marking again changes nothing.
  auto twice = marked;
  wire::mark_stamp_tlvs(twice);
  if (twice != marked) __builtin_trap();
  return 0;
}
