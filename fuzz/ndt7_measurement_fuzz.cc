// links: methods_ndt7
// ndt7's measurement messages: what is read and written again reads the same.
#include <cstdlib>

#include "methods/ndt7/measurement.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon::methods::ndt7;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto read = decode_measurement(text);
  if (!read) return read.error().offset <= size ? 0 : (std::abort(), 1);
  const auto again = decode_measurement(to_json(*read));
  if (!again || *again != *read) std::abort();
  if (read->tcp) (void)sender_tcp(*read->tcp);
  if (read->cpu) (void)cpu_use(*read->cpu);
  return 0;
}
