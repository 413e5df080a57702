#pragma once

// The windows of a recording as lines of JSON, for scripts that put them into other stores.
//
//   {"columns": [{"name", "kind": "uint32" | "int64" | "enum", "nullable"}], "sketches": ["rtt", …]}     the first line
//   {"path": 0, "id": "16 hex digits", "method": "stamp"}                                       before its first window
//   [path, start in Unix ms, [a value or null for each column], [[bucket, count, bucket, count, …] for each sketch]]

#include <filesystem>

#include "core/error.h"
#include "journal/journal.h"

namespace gnomon::bench {

// Windows in the journal's order, which is that of each path's time.
Status write_window_lines(const journal::Journal& journal, const std::filesystem::path& file);

}  // namespace gnomon::bench
