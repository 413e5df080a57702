#!/usr/bin/env bash
# Hunts with every fuzz target, address and undefined-behaviour sanitizers on:
# tools/fuzz.sh [-n RUNS] [-t SECONDS] [NAME...]
# Each target is given RUNS inputs (10 million unless told), or as many as fit in SECONDS, none longer than its line
# "// max_len: BYTES" says; what it learned is kept in build/fuzz/grown/, where the next hunt goes on. One line a target
# goes into build/fuzz/report.txt, an input that broke something into build/fuzz/found/. Ends with 1 when anything broke.
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
# Freed memory is held back from reuse as far as the processor's cache reaches: with the usual 256 MiB, targets that
# allocate much run at half the speed.
export ASAN_OPTIONS=quarantine_size_mb=16:malloc_context_size=0:allocator_release_to_os_interval_ms=-1
TIMEFORMAT='%U %S'
failed=0
for name in "${names[@]}"; do
  grown=build/fuzz/grown/$name
  mkdir -p "$grown"
  log=build/fuzz/found/$name.log
  longest=$(sed -n 's|^// max_len: *\([0-9]*\).*|\1|p' "fuzz/${name}_fuzz.cc")
  if { time build/fuzz/fuzz/"${name}_fuzz" -runs="$runs" -max_total_time="$seconds" -max_len="${longest:-4096}" -timeout=10 \
      -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="build/fuzz/found/$name-" "$grown" "fuzz/corpus/$name" \
      >"$log" 2>&1; } 2>"$log.cpu"; then
    verdict=clean
  else
    verdict="BROKEN, see $log"
    failed=1
  fi
  given=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(awk -v given="${given:-0}" '{ printf "%d", given / ($1 + $2) }' "$log.cpu")
  printf '%-18s %12s inputs %8s/s of CPU  %s\n' "$name" "${given:-?}" "$rate" "$verdict" | tee -a build/fuzz/report.txt
done
exit $failed
