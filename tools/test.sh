#!/usr/bin/env bash
# Every test. Each stage prints its own closing line; the first failure stops the run.
set -euo pipefail
cd "$(dirname "$0")/.."

stage() { printf '\n== %s\n' "$*"; }

stage "build (release, with tests)"
tools/build_web.sh
cmake --preset release -DGNOMON_TESTS=ON >/dev/null
tools/build.sh -p release

stage "unit, contract, lab and fuzz-corpus tests"
ctest --test-dir build/release --output-on-failure -j2

stage "web: unit tests and types"
(cd web && npm test --silent && npm run --silent check)

for suite in tests/contract/api tests/interop tests/security tests/chaos tests/lab tests/e2e; do
  [ -x "$suite/run" ] || continue
  stage "$suite"
  "$suite/run"
done
