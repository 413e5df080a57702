// links: schema
// max_len: 1024 - a request with two batches fits; columns of many windows are the matter of delay_columns.
// Ingest bodies and signed batches: no crash, borrowed parts stay inside the input, and what is accepted stays
// accepted.
#include <cstdlib>

#include "schema/batch_codec.h"
#include "schema/protobuf_log.h"

namespace {

bool is_inside(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  gnomon::schema::silence_protobuf();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::schema;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto batches = split_ingest_request(bytes)) {
    for (const auto batch : *batches) {
      if (!is_inside(batch, bytes)) std::abort();
    }
  } else if (batches.error().offset > size) {
    std::abort();
  }
  if (const auto parts = split_signed_batch(bytes); parts && !is_inside(parts->batch, bytes)) std::abort();
  // Signatures cannot be guessed, so the rest is reached without them too.
  const auto trusted = read_signed_batch(bytes, false);
  const auto checked = read_signed_batch(bytes, true);
  if (checked && !trusted) std::abort();
  if (trusted && trusted->head().windows != trusted->columns().size()) std::abort();
  return 0;
}
