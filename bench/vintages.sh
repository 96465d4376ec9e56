#!/usr/bin/env bash
# Twenty-four monthly releases of one made-up economy, each compiled of what was reported by then,
# audited against all before it, and published. Prints for each: cells, suppressed, waiting changes and
# those not allocated, the share of their value that the totals have (not allocated, of both),
# differences looked at, exposed, seconds of the audit and of the publication. BENCH_ROWS: 1000000.
set -euo pipefail
cd "$(dirname "$0")/.."
fumao=$(realpath "${FUMAO:-build/fumao}")
rows=${BENCH_ROWS:-1000000}
months=${BENCH_VINTAGES:-24}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
store="--store sqlite:$tmp/s.db"
field() { grep -o "\"$2\":[-0-9]*" "$1" | awk 'NR == 1' | sed 's/.*://'; }
now() { date +%s.%N; }
made_up() { # LAST_DAY
    "$fumao" stats generate --rows "$rows" --seed 1 --no-faults --reported-to "$1" \
        --register r.csv --rates x.csv >d.csv 2>/dev/null
}
begun=$(now)
printf '%-8s %8s %8s %8s %8s %8s %9s %8s %8s %8s\n' release cells shut waiting unalloc 'in sum' differ exposed audit publish
for i in $(seq 1 "$months"); do
    day=$(date -d "2024-05-01 +$i month -1 day" +%F)
    made_up "$day"
    "$fumao" stats compile d.csv --rates x.csv --register r.csv --cube c.cube >/dev/null
    t0=$(now)
    "$fumao" stats audit c.cube --id "${day%-*}" --release v.release $store -o json >a.json
    t1=$(now)
    "$fumao" stats publish v.release $store -o json >p.json
    t2=$(now)
    rm -f v.release
    awk -v id="${day%-*}" -v c="$(field a.json cells)" -v p="$(field a.json primary)" \
        -v s="$(field a.json secondary)" -v h="$(field a.json held)" \
        -v hv="$(field a.json held_value)" -v u="$(field a.json unallocated)" \
        -v uv="$(field a.json unallocated_value)" -v d="$(field a.json differences)" \
        -v x="$(field p.json exposed)" -v a="$t0" -v b="$t1" \
        -v e="$t2" 'BEGIN { printf "%-8s %8d %7.1f%% %8d %8d %7.1f%% %9d %8d %7.1fs %7.1fs\n", id, c,
            100 * (p + s) / c, h, u, uv + hv ? 100 * uv / (uv + hv) : 100, d, x, b - a, e - b }'
done
awk -v a="$begun" -v b="$(now)" 'BEGIN { printf "all of it %.0f s\n", b - a }'
