#!/usr/bin/env bash
# Builds targets of one preset, one build at a time: tools/build.sh [-p PRESET] [TARGET...]
# Several people or editors may call it at once; a lock keeps ninja's state whole.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=dev
if [ "${1:-}" = "-p" ]; then preset=$2; shift 2; fi
mkdir -p "build/$preset"
exec 9>"build/$preset/.lock"
flock 9
[ -f "build/$preset/build.ninja" ] || cmake --preset "$preset" >/dev/null
nice -n 5 ninja -C "build/$preset" "$@"
