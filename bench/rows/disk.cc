// links: journal store_duckdb
// What windows take on disk: the lab measures for a while, and its journal is then read into new tables. Beside both
// stands the entropy of the same windows (bench/window_entropy.h).

#include "bench/recording.h"
#include "bench/table_size.h"

namespace gnomon::bench {

namespace {

Result<Figures> run_disk(const RunOptions& options) {
  const auto recording = open_recording(options, 120);
  if (!recording) return tl::unexpected(recording.error());
  const auto all = size_in_tables(*recording->journal, Part::kAll, options.scratch / "all.duckdb");
  if (!all) return tl::unexpected(all.error());
  const auto four = size_in_tables(*recording->journal, Part::kFour, options.scratch / "four.duckdb");
  if (!four) return tl::unexpected(four.error());
  const auto three = size_in_tables(*recording->journal, Part::kThree, options.scratch / "three.duckdb");
  if (!three) return tl::unexpected(three.error());
  return Figures{
      {"journal, a window of the mix", static_cast<double>(recording->journal_bytes) / all->windows, "bytes",
       at_most(80)},
      {"tables, a window of the mix (half with two sketches, half with four)", all->bytes, "bytes"},
      {"its entropy", all->entropy, "bytes"},
      {"tables / entropy", all->bytes / all->entropy, ""},
      {"tables, a window with three delay sketches (rtt, forward, backward)", three->bytes, "bytes", at_most(50)},
      {"its entropy", three->entropy, "bytes"},
      {"tables / entropy", three->bytes / three->entropy, ""},
      {"tables, a window with four sketches (ipdv besides)", four->bytes, "bytes"},
      {"its entropy", four->entropy, "bytes"},
      {"tables / entropy", four->bytes / four->entropy, ""},
      {"windows of the mix", all->windows, "windows"},
  };
}

}  // namespace

Row disk() {
  Row row;
  row.name = "disk";
  row.summary =
      "what the lab's windows take in journal and tables, beside their entropy; GNOMON_BENCH_DATA=DIR: recorded ones";
  row.target = "≤ 80 bytes a window in the journal, ≤ 50 in the tables";
  row.in_short_form = false;
  row.run = run_disk;
  return row;
}

}  // namespace gnomon::bench
