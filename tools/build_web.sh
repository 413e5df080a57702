#!/usr/bin/env bash
# Builds the web application into web/dist, unless it is newer than every source.
set -euo pipefail
cd "$(dirname "$0")/../web"
if [ -f dist/index.html ] && [ -z "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer dist/index.html -print -quit)" ]; then
  exit 0
fi
echo "building the web application"
npm run --silent build >/tmp/gnomon-web-build.$$ 2>&1 || { cat /tmp/gnomon-web-build.$$ >&2; rm -f /tmp/gnomon-web-build.$$; exit 1; }
rm -f /tmp/gnomon-web-build.$$
touch dist/index.html
