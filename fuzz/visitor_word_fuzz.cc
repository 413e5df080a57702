// links: server
// What a visitor's page says of its tests: no crash, and only figures that a batch may hold.
#include <cmath>
#include <cstdlib>

#include "server/visitor_result.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::server;
  const auto word = parse_visitor_word(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!word) return 0;
  if (word->ticket.empty() || word->tests.size() > kMostTests) std::abort();
  for (const auto& test : word->tests) {
    for (const auto& figure : {test.throughput, test.idle, test.loaded}) {
      if (figure && !(std::isfinite(*figure) && *figure >= 0)) std::abort();
    }
  }
  return 0;
}
