#!/usr/bin/env bash
# clang-tidy with the allowed checks of .clang-tidy over the sources that changed since they were last found clean.
# The standard headers come precompiled, and small files are looked at together, so that a whole run takes minutes.
# A stamp holds the hash of a file, of all headers and of the checks: whatever can change a finding.
set -uo pipefail
cd "$(dirname "$0")/.."
out=build/lint
mkdir -p $out
headers=$(cat src/*/*.h src/*/*/*.h .clang-tidy | sha256sum | cut -d' ' -f1)
stamp_of() { echo "$out/$(tr / _ <<<"$1").clean"; }
hash_of() { { cat "$1"; echo "$headers"; } | sha256sum; }

todo=()
for file in $(git ls-files 'src/*.cc' | grep -v '_test\.cc$'); do
  [ "$(cat "$(stamp_of "$file")" 2>/dev/null)" = "$(hash_of "$file")" ] || todo+=("$file")
done
[ ${#todo[@]} -eq 0 ] && { echo "lint: nothing changed since the last clean run"; exit 0; }

flags=(-std=c++20 -Isrc -isystem build/release/gen -DFMT_SHARED -DGNOMON_LINT)
printf '#include <%s>\n' algorithm array chrono cstddef cstdint deque functional map memory mutex optional set span string string_view \
  thread unordered_map utility variant vector tl/expected.hpp fmt/format.h > $out/prefix.h
clang++ "${flags[@]}" -x c++-header $out/prefix.h -o $out/prefix.pch || exit 1
printf '%s\n' "${todo[@]}" |
  xargs -P 2 -n 4 sh -c 'clang-tidy --quiet "$@" -- '"${flags[*]}"' -include-pch '$out'/prefix.pch' lint >$out/findings 2>$out/noise
failed=$?
grep -E 'warning:|error:' $out/findings | sort -u
if [ $failed -ne 0 ]; then
  grep -E 'error:' $out/noise | sort -u | head -20
  echo "lint: findings above, in ${#todo[@]} files looked at"
  exit 1
fi
for file in "${todo[@]}"; do hash_of "$file" > "$(stamp_of "$file")"; done
echo "lint: ${#todo[@]} files are clean"
