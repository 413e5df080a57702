#!/usr/bin/env bash
# clang-tidy with the allowed checks of .clang-tidy over the sources that changed since they were last found clean.
# The standard headers come precompiled. A stamp holds the hash of a file, of all headers and of the checks: whatever can
# change a finding.
set -uo pipefail
cd "$(dirname "$0")/.."
export out=build/lint
mkdir -p $out
headers=$(cat src/*/*.h src/*/*/*.h .clang-tidy | sha256sum | cut -d' ' -f1)
export headers
export flags="-std=c++20 -Isrc -isystem build/release/gen -isystem third_party/duckdb/node_modules/duckdb/src/duckdb/src/include -DFMT_SHARED"

prefix=$(printf '#include <%s>\n' algorithm array chrono cstddef cstdint deque functional map memory mutex optional set span string \
  string_view thread unordered_map utility variant vector tl/expected.hpp fmt/format.h)
if [ "$prefix" != "$(cat $out/prefix.h 2>/dev/null)" ] || [ ! -f $out/prefix.pch ]; then
  echo "$prefix" > $out/prefix.h
  # shellcheck disable=SC2086
  clang++ $flags -x c++-header $out/prefix.h -o $out/prefix.pch || exit 1
fi

# Looks at one file, unless its stamp says that it was found clean as it is.
lint_one() {
  stamp=$out/$(echo "$1" | tr / _).clean
  now=$({ cat "$1"; echo "$headers"; } | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && return 0
  # shellcheck disable=SC2086
  if clang-tidy --quiet "$1" -- $flags -include-pch $out/prefix.pch >"$stamp.log" 2>/dev/null; then
    echo "$now" > "$stamp"
    rm -f "$stamp.log"
  else
    grep -E 'warning:|error:' "$stamp.log"
    return 1
  fi
}
export -f lint_one

if git ls-files 'src/*.cc' | grep -v '_test\.cc$' | xargs -P 2 -n 1 bash -c 'lint_one "$1"' lint; then
  echo "lint: every source is clean"
else
  echo "lint: findings above"
  exit 1
fi
