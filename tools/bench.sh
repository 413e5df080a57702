#!/usr/bin/env bash
# Measures what docs/benchmarks.md states, beside the peers that are installed. Minutes; best on an idle machine.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/bootstrap.sh test
cmake --preset release -DGNOMON_TESTS=ON >/dev/null
tools/build.sh -p release
build=build/release
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

stage() { printf '\n== %s\n' "$*"; "$@"; }

stage $build/gnomon lab bench
stage python3 bench/rtt_accuracy.py --packets "${GNOMON_PACKETS:-1000}"
stage $build/bench/engine_load --method echo --seconds 10
stage $build/bench/engine_load --method stamp --seconds 10
stage $build/bench/journal_bench "$scratch/journal" 3000 40
stage $build/bench/store_bench "$scratch/store" 1000000 10000 ingest
stage python3 tests/lab/ten_links.py --seconds 20
