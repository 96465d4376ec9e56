#!/usr/bin/env bash
# What a reader of the portal waits for: pages built in process (bench_pages), painted in Chromium
# (bench/paint.mjs), and answered under 60 % of the top load (wrk finds the top, offer offers the
# share at a constant rate and counts latency from the moment a request was due). Needs wrk, curl,
# node, /usr/bin/chromium and test/browser/node_modules; what is missing is said. $FUMAO is the
# program under test, $BUILD where bench_pages and offer lie. Loopback only.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
export FUMAO=${FUMAO:-$build/fumao}
seconds=${BENCH_SECONDS:-10}
for tool in wrk curl node "${CHROMIUM:-/usr/bin/chromium}"; do
    command -v "$tool" >/dev/null || { echo "bench/portal.sh needs $tool"; exit 1; }
done
[ -d test/browser/node_modules ] || {
    echo "bench/portal.sh needs test/browser/node_modules (cd test/browser && npm ci)"
    exit 1
}
for program in "$FUMAO" "$build/bench_pages" "$build/offer"; do
    [ -x "$program" ] || { echo "bench/portal.sh needs $program"; exit 1; }
done
echo "machine: $(nproc) cores, load $(cut -d ' ' -f 1 /proc/loadavg)"

echo "== pages built in process"
"$build/bench_pages"

echo "== painted"
node bench/paint.mjs "${PAINT_LOADS:-3}"

echo "== answered at 60 % of the top load"
tmp=$(mktemp -d)
trap 'kill "$pid" 2>/dev/null || true; rm -rf "$tmp"' EXIT
"$FUMAO" serve --listen 127.0.0.1:0 --rate 0 --store "sqlite:$tmp/s.db" 2>"$tmp/log" &
pid=$!
port=
for _ in $(seq 50); do
    port=$(sed -n 's|.*127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$tmp/log")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || { echo "bench/portal.sh: serve is not ready: $(cat "$tmp/log")"; exit 1; }
for path in "/check/7231/1/SG/CN-SH-FTZ?on=2026-06-01" "/services/7231" "/map?from=SG"; do
    bytes=$(curl -sf "http://127.0.0.1:$port$path" | wc -c)
    for _ in 1 2 3; do
        # The share is of the top found just before, and both run a while.
        top=$(wrk -t1 -c32 -d3s "http://127.0.0.1:$port$path" | sed -n 's/Requests\/sec: *//p')
        share=$(awk "BEGIN { printf \"%d\", 0.6 * $top }")
        printf '%s (%s bytes), top %.0f/s: ' "$path" "$bytes" "$top"
        "$build/offer" "$port" "$path" "$share" "$seconds"
    done
done
