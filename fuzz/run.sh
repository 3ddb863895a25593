#!/usr/bin/env bash
# Fuzzes one target, or all in turn, and stops at the first finding: fuzz/run.sh [TARGET|all] [SECONDS]
#
# Wants cargo-fuzz (cargo install cargo-fuzz --locked) and a nightly toolchain. Without sanitizer, which is several
# times faster: the program forbids unsafe code. What is found lies in fuzz/artifacts, what was tried in fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/.."

targets=${1:-all}
seconds=${2:-1800}
if [ "$targets" = all ]; then
    targets="json jsonl csv packed mapping password"
fi
for target in $targets; do
    most=4096
    if [ "$target" = packed ]; then
        most=65536
    fi
    mkdir -p "fuzz/corpus/$target"
    cargo +nightly fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        "-dict=fuzz/$target.dict" "-max_total_time=$seconds" "-max_len=$most" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1
done
