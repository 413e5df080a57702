#!/usr/bin/env bash
# Installs what building (with "test", also testing; with "bench", also measuring beside others) needs: Debian packages
# from the lists in the tree, npm packages with lock files. Does nothing, quickly, when all is there. Without root it
# names what is missing and the command for it.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-build}

packages() { grep -hvE '^#|^$' "$@"; }
lists=(packages.txt)
[ "$purpose" != build ] && lists+=(packages-test.txt)
[ "$purpose" = bench ] && lists+=(packages-bench.txt)

missing=()
installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" {print $2}')
for package in $(packages "${lists[@]}"); do
  # Node.js may come from elsewhere than Debian; any that answers will do.
  case $package in nodejs) command -v node >/dev/null && continue ;; npm) command -v npm >/dev/null && continue ;; esac
  grep -qx "$package" <<<"$installed" || missing+=("$package")
done

if [ ${#missing[@]} -gt 0 ]; then
  install="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    printf 'Gnomon needs Debian packages that are not installed. Run:\n\n  sudo apt-get update && sudo %s\n\nthen call make again.\n' "$install" >&2
    exit 1
  fi
  printf 'installing %d Debian packages: %s\n' ${#missing[@]} "${missing[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $install -qq >/dev/null
fi

# npm_install FOLDER: the packages of the lock file, once for each state of the lock file.
npm_install() {
  local stamp=$1/node_modules/.gnomon-lock
  if ! cmp -s "$1/package-lock.json" "$stamp"; then
    printf 'installing npm packages of %s\n' "$1"
    # npm 11 refuses a lock file without the optional packages of other platforms; npm install takes the same versions,
    # held to the same integrity hashes.
    (cd "$1" && { npm ci --ignore-scripts --no-audit --no-fund --loglevel=silent ||
      npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error; })
    cp "$1/package-lock.json" "$stamp"
  fi
}
npm_install third_party/duckdb
npm_install web
if [ "$purpose" != build ]; then
  for lock in tests/*/package-lock.json tests/*/*/package-lock.json; do
    [ -f "$lock" ] && npm_install "$(dirname "$lock")"
  done
fi
