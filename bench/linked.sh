#!/usr/bin/env bash
# Twenty-four monthly releases over at least fifty linked tables: cubes of one made-up economy, each of
# what was reported by then, are made first; then every release is suppressed and audited beside all
# before it. The last line is the time of the releases alone. BENCH_ROWS: 300000 declarations.
set -euo pipefail
cd "$(dirname "$0")/.."
fumao=$(realpath "${FUMAO:-build/fumao}")
releases=$(realpath "${RELEASES:-$(dirname "$fumao")/releases}")
rows=${BENCH_ROWS:-300000}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
for i in $(seq 1 "${BENCH_VINTAGES:-24}"); do
    day=$(date -d "2024-05-01 +$i month -1 day" +%F)
    "$fumao" stats generate --rows "$rows" --seed 1 --no-faults --reported-to "$day" \
        --register r.csv --rates x.csv >d.csv 2>/dev/null
    "$fumao" stats compile d.csv --rates x.csv --register r.csv --cube "${day%-*}.cube" >/dev/null
done
echo "$(wc -l <d.csv) lines declared by the last"
"$releases" 20*.cube
