// links: methods_responsiveness
// The configuration that a responsiveness server hands out, and the URLs in it. What is decoded must encode to
// something that decodes to the same.
#include <cstddef>
#include <cstdint>
#include <span>

#include "methods/responsiveness/nq_config.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon::methods::responsiveness;
  const auto input = std::as_bytes(std::span(bytes, size));
  if (const auto url = decode_nq_url({reinterpret_cast<const char*>(bytes), size})) {
    const auto again = decode_nq_url(url->text());
    if (!again || again->text() != url->text()) __builtin_trap();
  }
  auto config = decode_nq_config(input);
  if (!config) {
    if (config.error().offset > size) __builtin_trap();
    return 0;
  }
  config->test_endpoint.reset();  // somebody's text: only a server that has checked it writes it
  const auto text = encode_nq_config(*config);
  const auto again = decode_nq_config(std::as_bytes(std::span(text)));
  if (!again || encode_nq_config(*again) != text) __builtin_trap();
  return 0;
}
