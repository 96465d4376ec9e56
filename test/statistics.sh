#!/usr/bin/env bash
# Statistics from the command line: a made-up economy, compiled, against a slow reference in SQL; the
# same digest whatever the order and the split of files, the threads and the memory.
set -u
fumao=${FUMAO:-build/fumao}
here=$(dirname "$0")
data=${DATA:-$here/../data}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
failed=0

bad() {
    echo "FAIL: $*"
    failed=1
}

digest() { # ARGS...: the digest that stats compile prints
    "$fumao" stats compile --rates "$tmp/rates.csv" --register "$tmp/register.csv" -o json "$@" \
        2>"$tmp/stderr" | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p'
}

"$fumao" stats generate --rows 60000 --seed 7 --no-faults --no-late --register "$tmp/register.csv" \
    --rates "$tmp/rates.csv" >"$tmp/clean.csv" 2>"$tmp/stderr" ||
    bad "stats generate: $(cat "$tmp/stderr")"

# Large groups, so that members of one meet in a cell.
awk -F, -v OFS=, 'NR > 1 { $4 = "G" NR % 40 } { print }' "$tmp/register.csv" >"$tmp/grouped"
mv "$tmp/grouped" "$tmp/register.csv"

# Report numbers met twice: some lines again as they are, some with another amount. None may count
# twice, and none that differ may count at all.
awk -F, -v OFS=, 'NR > 1 && NR % 500 == 0 { print }
    NR > 1 && NR % 500 == 250 { $11 = $11 + 1; print }' "$tmp/clean.csv" >"$tmp/twice"
cat "$tmp/clean.csv" "$tmp/twice" >"$tmp/all.csv"

want=$("$here/reference_cube.py" --data "$data" --rates "$tmp/rates.csv" \
    --register "$tmp/register.csv" "$tmp/all.csv" | cut -d' ' -f1)
got=$(digest "$tmp/all.csv")
[ -n "$want" ] && [ "$got" = "$want" ] || bad "digest $got, the reference has $want"

without=$("$here/reference_cube.py" --data "$data" --rates "$tmp/rates.csv" \
    --register "$tmp/register.csv" "$tmp/clean.csv" | cut -d' ' -f1)
[ "$without" != "$want" ] || bad "the reference does not see report numbers that are there twice"

alone=$("$fumao" stats compile --rates "$tmp/rates.csv" -o json "$tmp/all.csv" 2>/dev/null |
    sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')
[ -n "$alone" ] && [ "$alone" != "$want" ] || bad "company groups make no difference"

# Another order, other files, other threads, no memory.
head -1 "$tmp/all.csv" >"$tmp/head"
tail -n +2 "$tmp/all.csv" | sort -t, -k11,11n >"$tmp/shuffled"
for i in 0 1 2; do
    { cat "$tmp/head"; awk -v i=$i 'NR % 3 == i' "$tmp/shuffled"; } >"$tmp/part$i.csv"
done
for threads in 1 2 5; do
    got=$(digest --threads $threads --memory 1 "$tmp"/part[201].csv)
    [ "$got" = "$want" ] || bad "with $threads threads and three files: $got, not $want"
done

# Releases one after another, of what was reported by then: what may not be shown at its place is not
# allocated, the total is the sum of its parts with that, and when nothing more is late all stays.
store="--store sqlite:$tmp/s.db"
release() { # ID CUBE [ARGS...]: prints the audit
    "$fumao" stats audit "$2" --id "$1" --release "$tmp/$1.release" $store -o json "${@:3}" 2>"$tmp/stderr" ||
        bad "stats audit $1: $(cat "$tmp/stderr")"
}
field() { printf '%s' "$1" | sed -n "s/.*\"$2\":\([-0-9]*\).*/\1/p"; }
figures() { "$fumao" stats query month-item $store -o csv | tr -d '\r' | sort; }
for day in 2024-05-31 2024-06-30 2024-07-31; do
    "$fumao" stats generate --rows 150000 --seed 1 --no-faults --reported-to $day \
        --register "$tmp/register.csv" --rates "$tmp/rates.csv" >"$tmp/d.csv" 2>"$tmp/stderr"
    "$fumao" stats compile "$tmp/d.csv" --rates "$tmp/rates.csv" --register "$tmp/register.csv" \
        --cube "$tmp/c.cube" >"$tmp/out" 2>"$tmp/stderr" || bad "stats compile: $(cat "$tmp/stderr")"
    audit=$(release ${day%-*} "$tmp/c.cube")
    "$fumao" stats publish "$tmp/${day%-*}.release" $store >"$tmp/out" 2>"$tmp/stderr" ||
        bad "stats publish $day: $(cat "$tmp/stderr")"
done
figures >"$tmp/figures"
grep -q ',SN,' "$tmp/figures" || bad "nothing is not allocated"
[ "$(field "$audit" unallocated)" -gt "$(field "$audit" held)" ] || bad "more waits than is not allocated"
awk -F, 'NR == FNR && $1 ~ /-[0-9][0-9]$/ && length($3) == 2 { part[$1 $2] += $10; shut[$1 $2] += $11 == "C" }
    NR != FNR && $1 ~ /-[0-9][0-9]$/ && $3 == "S" && $11 == "F" && !shut[$1 $2] {
        n++; if ((d = $10 - part[$1 $2]) > 0.005 || d < -0.005) { print $1, $2, $10, part[$1 $2]; bad = 1 }
    } END { exit bad || !n }' "$tmp/figures" "$tmp/figures" || bad "a total is not the sum of its parts"
again=$(release 2024-08 "$tmp/c.cube")
for what in held held_value unallocated unallocated_value; do
    [ "$(field "$again" $what)" = "$(field "$audit" $what)" ] || bad "$what: $again, not $audit"
done
"$fumao" stats publish "$tmp/2024-08.release" $store >"$tmp/out" 2>&1 || bad "$(cat "$tmp/out")"
figures | cmp -s - "$tmp/figures" || bad "nothing was late, and the figures have changed"
audit=$(release 2024-09 "$tmp/c.cube" --benchmark)
[ "$(field "$audit" exposed)" = 0 ] || bad "a benchmark: $audit"

[ $failed = 0 ] && echo ok
exit $failed
