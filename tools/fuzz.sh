#!/usr/bin/env bash
# Hunts with every fuzz target, address and undefined-behaviour sanitizers on: tools/fuzz.sh [-n RUNS] [NAME...]
# Each target is given RUNS inputs (10 million unless told); one line a target goes into build/fuzz/report.txt, an input
# that broke something into build/fuzz/found/. Ends with 1 when anything broke.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=10000000
if [ "${1:-}" = "-n" ]; then runs=$2; shift 2; fi
names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for source in fuzz/*_fuzz.cc; do names+=("$(basename "$source" _fuzz.cc)"); done
fi
tools/build.sh -p fuzz "${names[@]/%/_fuzz}"
mkdir -p build/fuzz/found
failed=0
for name in "${names[@]}"; do
  grown=build/fuzz/grown/$name
  mkdir -p "$grown"
  log=build/fuzz/found/$name.log
  begun=$(date +%s)
  if build/fuzz/fuzz/"${name}_fuzz" -runs="$runs" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
      -artifact_prefix="build/fuzz/found/$name-" "$grown" "fuzz/corpus/$name" >"$log" 2>&1; then
    verdict=clean
  else
    verdict="BROKEN, see $log"
    failed=1
  fi
  done_runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  printf '%-18s %12s inputs %6s s  %s\n' "$name" "${done_runs:-?}" "$(($(date +%s) - begun))" "$verdict" | tee -a build/fuzz/report.txt
done
exit $failed
