#!/usr/bin/env bash
# The vendor's unmodified SDK against the sandbox. USERFERRY_BIN names another binary to test.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${USERFERRY_BIN:-${CARGO_TARGET_DIR:-$here/../../target}/debug/userferry}
[ -x "$bin" ] || (cd "$here/../.." && cargo build --locked)
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

installed=$here/node_modules/.package-lock.json
if [ ! -e "$installed" ] || [ "$here/package-lock.json" -nt "$installed" ]; then
  (cd "$here" && npm ci --ignore-scripts --silent)
fi

passed=0 failed=0
for bits in 1024 2048; do
  log=$work/log-$bits out=$work/out-$bits
  mkfifo "$out"
  "$bin" sandbox --port 0 --log "$log" --key-bits "$bits" >"$out" &
  pid=$!
  read -r url <"$out"
  status=0
  result=$(cd "$here" && node sdk.cjs "$url" "$log" "$bits") || status=$?
  printf '%s\n' "$result" | sed '$d'
  if ! [[ $(tail -n 1 <<<"$result") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
    echo "The tests with a key of $bits bits ended early, with status $status." >&2
    exit 1
  fi
  passed=$((passed + BASH_REMATCH[1])) failed=$((failed + BASH_REMATCH[2]))
  kill -TERM "$pid"
  if wait "$pid"; then pid=; else
    echo "The sandbox did not end well." >&2
    exit 1
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
