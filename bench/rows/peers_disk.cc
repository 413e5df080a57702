// links: journal store_duckdb
// What the same windows take in Gnomon and in the stores that others use; those are the work of bench/peers_disk.py.

#include "bench/recording.h"
#include "bench/script.h"
#include "bench/table_size.h"
#include "bench/window_lines.h"

namespace gnomon::bench {

namespace {

Result<Figures> run(const RunOptions& options) {
  const auto recording = open_recording(options, 360);
  if (!recording) return tl::unexpected(recording.error());
  const auto mix = size_in_tables(*recording->journal, Part::kAll, options.scratch / "mix.duckdb");
  if (!mix) return tl::unexpected(mix.error());
  const auto three = size_in_tables(*recording->journal, Part::kThree, options.scratch / "three.duckdb");
  if (!three) return tl::unexpected(three.error());
  const auto lines = options.scratch / "windows.jsonl";
  if (auto status = write_window_lines(*recording->journal, lines); !status) return tl::unexpected(status.error());
  const auto peers_scratch = options.scratch / "peers";
  std::filesystem::create_directories(peers_scratch);
  const auto peers = run_script(
      options, {"python3", "bench/peers_disk.py", "--windows", lines.string(), "--scratch", peers_scratch.string(),
                "--mix", std::to_string(mix->bytes), "--three", std::to_string(three->bytes)});
  if (!peers) return tl::unexpected(peers.error());
  Figures figures{
      {"windows of the mix (half with two sketches, half with four)", mix->windows, "windows"},
      {"mix: Gnomon's tables", mix->bytes, "bytes"},
      {"mix: Gnomon's journal", static_cast<double>(recording->journal_bytes) / mix->windows, "bytes"},
      {"mix: entropy", mix->entropy, "bytes"},
      {"three delay sketches: Gnomon's tables", three->bytes, "bytes"},
      {"three delay sketches: entropy", three->entropy, "bytes"},
  };
  figures.insert(figures.end(), peers->begin(), peers->end());
  return figures;
}

}  // namespace

Row peers_disk() {
  return {.name = "peers-disk",
          .summary =
              "what the same windows take in Gnomon, Prometheus, InfluxDB and ClickHouse, by window; "
              "GNOMON_BENCH_DATA=DIR: recorded ones",
          .target = "",
          .settings = {},
          .in_short_form = false,
          .run = &run};
}

}  // namespace gnomon::bench
