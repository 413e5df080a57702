// links: http
// max_len: 1024 - a text past the limit of 256 bytes with other frames around it; every byte is taken three times.
// A WebSocket peer's bytes. Whole or byte by byte, read or skipped, they must say the same; a header that is read is
// written again to the same bytes; what is kept stays bounded.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "http/websocket_reader.h"

namespace {

using namespace gnomon::http;

struct Told {
  std::vector<WebSocketEvent> events;
  std::uint64_t bytes = 0, messages = 0;
  friend bool operator==(const Told&, const Told&) = default;
};

Told read(std::span<const std::byte> bytes, WebSocketRole role, std::size_t piece, bool skips) {
  WebSocketLimits limits;
  limits.text_bytes = 256;
  WebSocketReader reader(role, limits);
  Told told;
  while (!bytes.empty()) {
    if (skips && reader.skippable() > 0) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(reader.skippable(), bytes.size()));
      reader.skip(size);
      bytes = bytes.subspan(size);
      continue;
    }
    std::optional<WebSocketEvent> event;
    const std::size_t taken = reader.take(bytes.first(std::min(piece, bytes.size())), event);
    if (event) {
      if (event->text.size() > 256) std::abort();
      told.events.push_back(*event);
    }
    if (taken == 0) break;
    bytes = bytes.subspan(taken);
  }
  told.bytes = reader.binary_bytes();
  told.messages = reader.binary_messages();
  return told;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto role = (data[0] & 1) == 0 ? WebSocketRole::kServer : WebSocketRole::kClient;
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const Told whole = read(bytes, role, bytes.size(), false);
  if (read(bytes, role, 1, false) != whole) std::abort();
  if (read(bytes, role, 7, true) != whole) std::abort();
  if (const auto frame = decode_frame_header(bytes); frame && *frame) {
    std::array<std::byte, kFrameHeaderMost> room{};
    const auto again = encode_frame_header((*frame)->header, room);
    if (!std::ranges::equal(again, bytes.first((*frame)->size))) std::abort();
  }
  return 0;
}
