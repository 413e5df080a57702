// links: journal
// max_len: 640 - 256 empty entries close a tile, and each costs a hash.
// Entry bundles and ledger entries: reading always advances, and an accepted entry is written back to the same bytes.
#include <algorithm>
#include <cstdlib>

#include "journal/ledger_entry.h"
#include "journal/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::journal;
  const auto sink = [](const TileId&, std::string_view) -> gnomon::Status { return {}; };
  auto rest = std::as_bytes(std::span(data, size));
  TileBuilder builder;
  while (!rest.empty()) {
    const std::size_t before = rest.size();
    const auto entry = take_bundled(rest);
    if (!entry) break;
    if (rest.size() >= before) std::abort();
    if (const auto decoded = decode_entry(*entry); decoded && !std::ranges::equal(encode_entry(*decoded), *entry)) {
      std::abort();
    }
    if (!builder.add(*entry, sink)) std::abort();
  }
  (void)builder.root();
  return 0;
}
