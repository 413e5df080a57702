#!/usr/bin/env bash
# clang-tidy with the allowed checks of .clang-tidy over files that no longer have a clean stamp, and the web's linter.
# A stamp is the hash of the file as preprocessed by its own includes of src/, so unchanged files are not looked at twice.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/lint
failed=0
files=$(git ls-files 'src/*.cc' | grep -v '_test\.cc$')
todo=()
for file in $files; do
  stamp=build/lint/$(tr / _ <<<"$file").sha
  now=$(cat "$file" .clang-tidy src/*/*.h 2>/dev/null | sha256sum)
  [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] || todo+=("$file")
done
[ ${#todo[@]} -eq 0 ] && { echo "lint: nothing changed since the last clean run"; exit 0; }
printf '%s\n' "${todo[@]}" | xargs -P 2 -n 6 clang-tidy -p build/release --quiet --warnings-as-errors='*' 2>/dev/null || failed=1
if [ $failed -eq 0 ]; then
  for file in "${todo[@]}"; do
    cat "$file" .clang-tidy src/*/*.h | sha256sum > "build/lint/$(tr / _ <<<"$file").sha"
  done
  echo "lint: ${#todo[@]} files are clean"
fi
exit $failed
