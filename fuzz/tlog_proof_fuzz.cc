// links: journal
// Proofs of C2SP tlog-proof: no crash, places inside the text, and each accepted text is the only one of its value.
#include <cstdlib>

#include "journal/tlog_proof.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gnomon::journal;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto proof = decode_tlog_proof(text);
  if (!proof && proof.error().offset > size) std::abort();
  if (proof && (proof->hashes.size() > kMaximumProofHashes || encode(*proof) != text)) std::abort();
  return 0;
}
