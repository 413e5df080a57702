#pragma once

// What the windows of a recording take in new tables, and what they hold (bench/window_entropy.h).

#include <filesystem>

#include "core/error.h"
#include "journal/journal.h"

namespace gnomon::bench {

// Every window; those of paths with all four sketches; the same without the fourth, ipdv.
enum class Part { kAll, kFour, kThree };

struct TableSize {
  double windows = 0;
  double bytes = 0;    // a window, of the table of windows, compacted
  double entropy = 0;  // bytes a window
};

// Reads the journal into tables in the new file `file`, as the server does, and compacts them.
Result<TableSize> size_in_tables(const journal::Journal& journal, Part part, const std::filesystem::path& file);

}  // namespace gnomon::bench
