// links: probe
#include <cstdint>
#include <span>

#include "probe/ingest_answer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  (void)gnomon::probe::decode_ingest_response(std::as_bytes(std::span(bytes, size)));
  return 0;
}
