#!/usr/bin/env bash
# How fast staging and a run are against the sandbox on this machine: records and creates a second, whole
# process. The sandbox shares the processors and decrypts every password with pure Rust, so the run's figure
# is a lower bound; compare figures of one machine and one hour only. Use: benches/run.sh [users]
set -euo pipefail
cd "$(dirname "$0")/.."
users=${1:-20000}
bin=${CARGO_TARGET_DIR:-target}/release/userferry
[ -x "$bin" ] || cargo build --release --locked
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

export AUTHING_USERPOOL_ID=5f0000000000000000000001 AUTHING_SECRET=sandbox-secret
hash='$2b$12$nCa3WDbsc3tvM57ifzjwrOAGGuNK7EPV0R17WKcW6f13NZvX97yLe'
for kind in with without; do
  password=
  [ "$kind" = with ] && password=",\"password\":\"$hash\""
  seq "$users" | sed "s|.*|{\"uid\":\"&\",\"nickname\":\"user &\",\"mail\":\"user&@example.com\",\"emailVerified\":true,\"loginsCount\":4$password}|" >"$work/$kind.jsonl"
  mkfifo "$work/$kind.url"
  "$bin" -q sandbox --port 0 >"$work/$kind.url" &
  pid=$!
  read -r AUTHING_HOST <"$work/$kind.url"
  export AUTHING_HOST
  start=$(date +%s.%N)
  "$bin" -q --db "$work/$kind.db" stage "$work/$kind.jsonl"
  middle=$(date +%s.%N)
  "$bin" -q --db "$work/$kind.db" run --concurrency 64
  end=$(date +%s.%N)
  kill "$pid"
  wait "$pid" || true
  pid=
  awk -v n="$users" -v a="$start" -v b="$middle" -v c="$end" -v k="$kind" \
    'BEGIN { printf "%d users %s passwords: staged %.0f/s, created %.0f/s\n", n, k, n / (b - a), n / (c - b) }'
done
