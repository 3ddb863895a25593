#!/usr/bin/env bash
# The custom password function under Node.js: as the program writes it for all schemes, with the hashes of
# other libraries and with strings that mean harm; then a whole story. USERFERRY_BIN names another binary to test.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${USERFERRY_BIN:-${CARGO_TARGET_DIR:-$here/../../target}/debug/userferry}
[ -x "$bin" ] || (cd "$here/../.." && cargo build --locked)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/firebase" <<'PARAMETERS'
{"base64_signer_key": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmU=",
 "base64_salt_separator": "Bw==", "rounds": 8, "mem_cost": 10}
PARAMETERS
schemes=$(sed -n 's/^{"scheme": "\([^"]*\)".*/\1/p' "$here/vectors.jsonl" "$here/forms.jsonl" "$here/systems.jsonl" "$here/parts.jsonl" "$here/either.jsonl" | sort -u | grep -v yescrypt | paste -sd,)
"$bin" password function --scheme "$schemes" --firebase "$work/firebase" -o "$work/function"
(cd "$work/function" && npm ci --no-audit --no-fund --silent --omit=dev && node self-test.js)
node "$here/function.mjs" "$work/function"
node "$here/story.mjs" "$bin"
