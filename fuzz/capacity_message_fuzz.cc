// links: methods_capacity
// What both ends of a capacity test say to each other: hellos and lines. What was read is written and read again alike.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "methods/capacity/message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon::methods::capacity;
  const auto hello = decode_hello(std::as_bytes(std::span(bytes, size)));
  if (hello && decode_hello(encode(*hello)) != hello) __builtin_trap();
  const auto message = decode_message(std::string_view(reinterpret_cast<const char*>(bytes), size));
  if (!message) return 0;
  const std::string line = encode(*message);
  if (line.find('\n') != std::string::npos) __builtin_trap();
  const auto again = decode_message(line);
  // Escapes may make a text longer than a line may be; otherwise it is read alike.
  if (!again && line.size() <= kLongestLine) __builtin_trap();
  if (again && encode(*again) != line) __builtin_trap();
  return 0;
}
