#!/usr/bin/env bash
# From the export of each system to a sign-in (run.py). What the makers need is installed into .cache.
# Needs Python 3.10 or newer, Node.js, npm, sqlite3, PostgreSQL. USERFERRY_BIN names another binary to test.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/.cache
bin=${USERFERRY_BIN:-${CARGO_TARGET_DIR:-$here/../../target}/debug/userferry}
[ -x "$bin" ] || (cd "$here/../.." && cargo build --locked)
mkdir -p "$cache"
if ! cmp -s "$here/requirements.txt" "$cache/venv/requirements.txt"; then
    python3 -m venv --clear "$cache/venv"
    "$cache/venv/bin/pip" install --quiet -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$cache/venv/"
fi
if ! cmp -s "$here/package-lock.json" "$here/node_modules/.from-lock"; then
    (cd "$here" && npm ci --no-audit --no-fund --silent)
    cp "$here/package-lock.json" "$here/node_modules/.from-lock"
fi
exec "$cache/venv/bin/python" "$here/run.py" --bin "$bin" "$@"
