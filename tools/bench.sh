#!/usr/bin/env bash
# Measures what docs/benchmarks.md states: the short rows of gnomon-bench, then the lab's own. Minutes; best on an idle
# machine. Each row's JSON is kept in build/release/bench-results/NAME.json. Arguments: names of rows; none: the short ones.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh bench
cmake --preset release -DGNOMON_TESTS=ON >/dev/null
tools/build.sh -p release
build=build/release
results=$build/bench-results
mkdir -p $results

stage() { printf '\n== %s\n' "$*"; "$@"; }

rows=("$@")
[ ${#rows[@]} -gt 0 ] || mapfile -t rows < <($build/gnomon-bench --short-names)
for row in "${rows[@]}"; do
  printf '\n== gnomon-bench %s\n' "$row"
  # One row that cannot be measured here does not keep the others from being measured.
  $build/gnomon-bench "$row" --json > "$results/$row.json" || { echo "not measured"; rm -f "$results/$row.json"; continue; }
  python3 tools/bench_table.py "$results/$row.json"
done
[ $# -gt 0 ] && exit 0
stage $build/gnomon lab bench
stage python3 tests/lab/ten_links.py --seconds 20
