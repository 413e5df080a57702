#!/usr/bin/env bash
# Hunts with every fuzz target, address and undefined-behaviour sanitizers on:
# tools/fuzz.sh [-n RUNS] [-t SECONDS] [NAME...]
# Each target is given RUNS inputs (10 million unless told), or as many as fit in SECONDS; what it learned is kept in
# build/fuzz/grown/, where the next hunt goes on. One line a target goes into build/fuzz/report.txt, an input
# that broke something into build/fuzz/found/. Ends with 1 when anything broke.
set -euo pipefail
cd "$(dirname "$0")/.."
runs=10000000
seconds=0
while getopts n:t: option; do
  case $option in
    n) runs=$OPTARG ;;
    t) seconds=$OPTARG ;;
    *) exit 2 ;;
  esac
done
shift $((OPTIND - 1))
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
  if build/fuzz/fuzz/"${name}_fuzz" -runs="$runs" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
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
