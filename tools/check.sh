#!/usr/bin/env bash
# Format, layers, file sizes, documents, lint. Each check says what is wrong and where.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
run() {
  printf '== %s\n' "$1"
  shift
  "$@" || failed=1
}
run "format" bash -c "git ls-files '*.h' '*.cc' | xargs clang-format --dry-run --Werror"
run "layers" python3 tools/check_layers.py
run "file sizes" python3 tools/check_sizes.py
run "documents" python3 tools/check_docs.py
run "headers compile alone" python3 tools/check_headers.py
run "lint" tools/lint.sh
[ $failed -eq 0 ] && echo "all checks passed"
exit $failed
