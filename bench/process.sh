#!/usr/bin/env bash
# Whole processes: `check` with the store ready, and the first `serve` until it answers, with the
# store made on the way. Medians of eleven and of five, in milliseconds.
set -euo pipefail
cd "$(dirname "$0")/.."
fumao=${FUMAO:-build/fumao}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
now() { date +%s%N; }
"$fumao" doctor --store "sqlite:$tmp/s.db" >/dev/null
for _ in $(seq 11); do
    start=$(now)
    "$fumao" check 7231 --mode 1 --from SG --to CN-SH-FTZ --store "sqlite:$tmp/s.db" >/dev/null
    echo $((($(now) - start) / 10000))
done | sort -n | sed -n 6p | awk '{ printf "check as a process, store ready   %.1f ms\n", $1 / 100 }'
for i in $(seq 5); do
    start=$(now)
    "$fumao" serve --listen 127.0.0.1:0 --store "sqlite:$tmp/n$i.db" 2>"$tmp/log$i" &
    pid=$!
    until grep -q 127.0.0.1 "$tmp/log$i" 2>/dev/null; do sleep 0.002; done
    echo $((($(now) - start) / 10000))
    kill $pid
    wait $pid 2>/dev/null || true
done | sort -n | sed -n 3p | awk '{ printf "first serve, store made           %.1f ms\n", $1 / 100 }'
