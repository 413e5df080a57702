// links: schema
// One access result: what is accepted is what the library of Protocol Buffers reads, and is written again as it writes
// it.
#include <cstdlib>

#include "gnomon/v1/access.pb.h"
#include "schema/access_result.h"
#include "schema/protobuf_log.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  gnomon::schema::silence_protobuf();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon;
  const auto read = schema::decode_access_result(std::as_bytes(std::span(data, size)));
  if (!read) {
    if (read.error().offset > size || read.error().reason.empty()) std::abort();
    return 0;
  }
  if (read->evidence.size() > schema::kMaximumEvidence) std::abort();
  v1::AccessResult message;
  if (!message.ParseFromArray(data, static_cast<int>(size))) std::abort();
  message.DiscardUnknownFields();
  const std::string bytes = schema::encode(*read);
  if (message.SerializeAsString() != bytes) std::abort();
  const auto again = schema::decode_access_result(std::as_bytes(std::span(bytes)));
  if (!again || !(*again == *read)) std::abort();
  return 0;
}
