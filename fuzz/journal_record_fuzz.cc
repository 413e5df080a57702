// links: journal
// Journal records and the index file: bounded memory, no crash, and what is accepted is written back and read again.
#include <cstdlib>

#include "journal/record_codec.h"
#include "journal/sequence_index.h"
#include "schema/protobuf_log.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  gnomon::schema::silence_protobuf();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::journal;
  const auto bytes = std::as_bytes(std::span(data, size));
  if (const auto record = decode_record(bytes)) {
    const std::string again = encode_record(record->received_unix_ms, std::as_bytes(std::span(record->signed_batch)));
    const auto reread = decode_record(std::as_bytes(std::span(again)));
    if (!reread || reread->signed_batch != record->signed_batch) std::abort();
    (void)entry_of(0, *record, false);
  }
  (void)name_of(bytes);
  if (const auto index = SequenceIndex::decode(bytes)) {
    const std::string again = index->index.encode(index->position);
    if (!SequenceIndex::decode(std::as_bytes(std::span(again)))) std::abort();
  }
  return 0;
}
