// links: server
// What the collector reads out of a batch after its check: paths, vantage, dropped ranges. Whatever an enrolled probe
// sends, nothing crashes and the parts agree in number.
#include <cstdint>
#include <cstdlib>

#include "gnomon/v1/batch.pb.h"
#include "schema/json.h"
#include "server/live_batch.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon;
  (void)server::parse_vantage({reinterpret_cast<const char*>(bytes), size});
  v1::Batch batch;
  if (!batch.ParseFromArray(bytes, static_cast<int>(size))) return 0;
  const ProbeId probe{};
  if (server::identities(batch, probe).size() != static_cast<std::size_t>(batch.paths_size())) std::abort();
  (void)server::dropped_ranges(batch, probe);
  return 0;
}
