#!/usr/bin/env bash
# Makes systems.jsonl: hashes by the libraries of the systems that users move from. Needs PHP with sodium and
# Argon2 (Debian's php-cli), Node.js 20 and npm.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
npm install --prefix "$work" --silent --no-audit --no-fund better-auth@1.7.25 argon2@0.45.1
passwords=$(python3 - <<'PASSWORDS'
import json
long = "".join("abcdefghijklmnopqrstuvwxyz"[i * 7 % 26] for i in range(64))
print(json.dumps(["secret", "Passw0rd!", "correct horse battery staple", long, "密码测试一二三", "🔑 emoji 🐼 パス", "ünïcödé", "e\u0301 decomposed", "p@$$w%26+=&#?", "a"]))
PASSWORDS
)
{
    NODE_PATH="$work/node_modules" node "$here/systems.mjs" <<<"$passwords"
    php "$here/systems.php" <<<"$passwords"
} | sort -s -t'"' -k4,4 | sed 's/^{"scheme":"/{"scheme": "/' >"$work/systems.jsonl"
mv "$work/systems.jsonl" "$here/systems.jsonl"
wc -l "$here/systems.jsonl"
