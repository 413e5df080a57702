// links: journal
// Checkpoints, signed notes, verifier keys and tile names: no crash, and each accepted text is the only one of its
// value.
#include <cstdlib>

#include "journal/note.h"
#include "journal/tile.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::journal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto parts = split_note(text); parts && parts->text.size() + 1 + parts->signatures.size() != size)
    std::abort();
  if (const auto checkpoint = parse_checkpoint_text(text); checkpoint && checkpoint->origin.empty()) std::abort();
  static const auto key =
      parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").value();
  if (const auto opened = open_checkpoint(text, key); !opened && opened.error().offset > size) std::abort();
  if (const auto parsed = parse_verifier_key(text); parsed && parsed->text() != text) std::abort();
  if (const auto tile = parse_tile_path(text); tile && tile_path(*tile) != text) std::abort();
  return 0;
}
