// links: http
// max_len: 512 - a few bytes of a frame expand past the limit, and a block with tables of both kinds fits.
// Coded bodies: whatever a frame claims, memory stays within the limit, and what was packed expands to itself.
#include <cstdint>
#include <cstdlib>

#include "http/content_coding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  constexpr std::size_t kLimit = 32UL * 1024;  // a few bytes claim more, whatever the limit is
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const auto plain = gnomon::http::zstd_expand(text, kLimit)) {
    if (plain->size() > kLimit) std::abort();
    const auto packed = gnomon::http::zstd_pack(*plain);
    const auto again = packed ? gnomon::http::zstd_expand(*packed, kLimit) : packed;
    if (!again || *again != *plain) std::abort();
  }
  return 0;
}
