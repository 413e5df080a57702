// links: probe
#include <cstdint>
#include <span>

#include "probe/ingest_answer.h"
#include "schema/protobuf_log.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  gnomon::schema::silence_protobuf();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  (void)gnomon::probe::decode_ingest_response(std::as_bytes(std::span(bytes, size)));
  return 0;
}
