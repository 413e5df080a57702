// links: server
// max_len: 512 - twice the longest body that a caller has reason to write.
// What callers write: query strings and JSON bodies of the read API. The first byte says which.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/target.h"
#include "server/api_query.h"
#include "server/change_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace gnomon::server;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  const gnomon::WallTime now{std::chrono::hours(24 * 20000)};
  switch (bytes[0] % 4) {
    case 0: {
      const auto target = gnomon::http::parse_target(text);
      if (!target) return 0;
      (void)parse_path_filter(target->query);
      (void)parse_mesh_request(target->query);
      (void)parse_changes_request(target->query);
      const auto access = parse_access_request(target->query, now);
      if (access && (access->from >= access->to || access->to - access->from > kAccessLongest)) __builtin_trap();
      const auto results = parse_access_results_request(target->query, now);
      if (results && (results->from >= results->to || results->limit == 0)) __builtin_trap();
      const auto series = parse_series_request(target->query, now);
      if (series && series->from >= series->to) __builtin_trap();
      return 0;
    }
    case 1:
      (void)parse_link_command(text, "a--b");
      return 0;
    case 2:
      (void)parse_retention(text);
      return 0;
    case 3:
      if (const auto change = parse_change(text)) {
        // What was read is written, and read again as the same.
        const std::string line = change_json(*change, true);
        const auto again = parse_change(line);
        if (!again || change_json(*again, true) != line) __builtin_trap();
      }
      return 0;
  }
  return 0;
}
