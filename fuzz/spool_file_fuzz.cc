// links: probe
#include <cstdint>
#include <cstdlib>
#include <span>

#include "probe/spool_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon::probe;
  const auto input = std::as_bytes(std::span(bytes, size));
  if (const auto file = decode_spool_file(input)) {
    // What was taken can be written again and means the same.
    const std::string_view batch(reinterpret_cast<const char*>(file->signed_batch.data()), file->signed_batch.size());
    const std::string again = encode_spool_file(file->record, batch);
    const auto second = decode_spool_file(std::as_bytes(std::span(again)));
    if (!second || second->record.sequence != file->record.sequence) std::abort();
  }
  (void)decode_notes(input);
  return 0;
}
