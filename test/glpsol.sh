#!/usr/bin/env bash
# A second opinion on the attack: programs of random tables, written as text, are solved by glpsol
# (GLPK) and must have the bounds that system_interval gives. glpsol is run, never linked.
# TABLES: 40, three cells each.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v glpsol >/dev/null; then
    echo "skipped: no glpsol here (package glpk-utils)"
    exit 0
fi
writer=$(realpath "${ATTACK_LP:-$(dirname "${FUMAO:-build/fumao}")/test/attack_lp}")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$writer" "$tmp" "${TABLES:-40}" >"$tmp/ours"
while read -r n ours; do
    glpsol --lp "$tmp/$n.lp" --nopresol --write "$tmp/out" >"$tmp/log" 2>&1 ||
        { echo "glpsol fails on program $n"; tail -n 5 "$tmp/log"; exit 1; }
    # s bas ROWS COLUMNS PRIMAL DUAL VALUE; f: feasible, n: there is none
    awk -v n="$n" -v ours="$ours" '$1 == "s" { print n, ours, $5, $6, $7 }' "$tmp/out"
    rm "$tmp/$n.lp"
done <"$tmp/ours" >"$tmp/both"
# Bounds may differ by the rounding of two solvers, 1e-6 of the value.
awk '
    { n++; theirs = $3 == "f" && $4 == "f" ? $5 : $3 == "f" && $4 == "n" ? "inf" : "none"
      if ($2 == "inf" || theirs == "inf" || theirs == "none") { free++; bad = $2 != theirs }
      else { d = $2 - theirs; size = $2 < 0 ? -$2 : $2; bad = (d < 0 ? -d : d) > 1e-6 * (1 + size) }
      if (bad) { wrong++; print "program " $1 ": ours " $2 ", glpsol " theirs } }
    END { printf "%d programs, %d without end, %d differ\n", n, free, wrong
          exit wrong > 0 || n < 100 || free == n }' "$tmp/both"
