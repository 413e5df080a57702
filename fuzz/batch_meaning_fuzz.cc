// links: server
// max_len: 1024 - a request with two batches fits; columns of many windows are the matter of delay_columns.
// What the collector reads out of a batch after its check: paths, vantage, dropped ranges. Whatever an enrolled probe
// sends, nothing crashes and the parts agree in number.
#include <cstdint>
#include <cstdlib>

#include "schema/batch_codec.h"
#include "schema/protobuf_log.h"
#include "server/live_batch.h"

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  gnomon::schema::silence_protobuf();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  (void)server::parse_vantage({reinterpret_cast<const char*>(bytes), size});
  const auto read = schema::read_signed_batch(std::as_bytes(std::span(bytes, size)), false);
  if (!read) return 0;
  const ProbeId probe{};
  if (server::identities(read->content(), probe).size() != read->content().paths.size()) std::abort();
  (void)server::dropped_ranges(read->content(), probe);
  return 0;
}
