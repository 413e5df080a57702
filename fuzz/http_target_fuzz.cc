// links: http
// max_len: 512 - more than 64 query fields fit; lengths beyond the limit are only compared.
// The request target and query: no crash, no traversal, and what is accepted survives encoding and reading again.
#include <cstdlib>

#include "http/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  const auto target = gnomon::http::parse_target(text);
  if (!target) return target.error().offset <= size ? 0 : (std::abort(), 1);
  if (target->path.empty() || target->path.front() != '/') std::abort();
  if ((target->path + "/").find("/../") != std::string::npos) std::abort();
  std::string again;
  for (std::size_t begin = 1; begin <= target->path.size();) {
    const auto end = std::min(target->path.find('/', begin), target->path.size());
    again += "/" + gnomon::http::percent_encode(target->path.substr(begin, end - begin));
    begin = end + 1;
  }
  char separator = '?';
  for (const auto& [name, value] : target->query) {
    again += separator + gnomon::http::percent_encode(name) + "=" + gnomon::http::percent_encode(value);
    separator = '&';
  }
  if (again.size() > gnomon::http::kTargetLimit) return 0;  // Encoding may lengthen it.
  const auto reread = gnomon::http::parse_target(again);
  if (!reread || reread->path != target->path || reread->query != target->query) std::abort();
  return 0;
}
