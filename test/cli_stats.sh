#!/usr/bin/env bash
# The road from declarations to figures, driven from outside as docs/statistics.md says it:
# generate, check, screen, compile, audit, publish, query. What was planted is found, and nothing
# else is rejected; digests do not depend on order, cut, threads or format; nothing confidential
# comes out; bad input is named by file, line and column.
set -euo pipefail
fumao=${FUMAO:?}
fumao=$(realpath "$fumao")
export LC_ALL=C.UTF-8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
store="--store sqlite:$tmp/s.db"
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
field() { # FILE NAME: a top-level number or string of one-line JSON
    grep -o "\"$2\":\"\?[^,\"}]*" "$1" | awk 'NR == 1' | sed 's/.*:"\?//'
}
expect() { # STATUS COMMAND...
    local want=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    [ "$got" -eq "$want" ] || fail "status $got, not $want: $* ($(head -c 300 err))"
}

"$fumao" stats generate --rows 60000 --seed 7 --register r.csv --rates x.csv --truth t.csv \
    >d.csv 2>/dev/null
[ "$(wc -l <d.csv)" -eq 60001 ] || fail "60,000 records and a header"

# --- check: every planted fault that a record shows by itself is found, and no other ------------
expect 1 "$fumao" stats check d.csv --rates x.csv --register r.csv --quarantine q.csv -o json
cp out check.json
for rule in IDENTITY REPORT R1 R3 R4 R5 R10; do
    planted=$(awk -F, -v r="$rule" 'NR > 1 && $4 == r' t.csv | wc -l)
    found=$(grep -o "\"rule\":\"$rule\",\"severity\":\"[a-z]*\",\"records\":[0-9]*" check.json |
        grep -o '[0-9]*$' || echo 0)
    [ "$planted" -gt 0 ] || fail "the generator planted no $rule"
    [ "$planted" -eq "$found" ] || fail "$rule: $planted planted, $found found"
done
# Rejected and set-aside records are exactly those of the truth.
awk -F, 'NR > 1 && $4 ~ /^(FORM|IDENTITY|REPORT|TWICE|WHEN|R1|R2|R3|R4|R5|R10)$/ { print $2 }' t.csv |
    sort -u >truth.numbers
grep -o '"[0-9]\{22\},' q.csv | tr -d '",' | sort -u >quarantine.numbers
cmp -s truth.numbers quarantine.numbers || fail "the quarantine is not the truth: $(diff truth.numbers quarantine.numbers | head -n 5)"
[ "$(field check.json rejected)" -gt 0 ] || fail "nothing was rejected"
[ "$(stat -c %a q.csv)" = 600 ] || fail "the quarantine is for nobody else"
head -n 1 q.csv | grep -q '^file,line,column,field,rule,rules,why_zh,why_en,record' || fail "head of q.csv"
awk -F, 'NR > 1 && $5 == "TWICE" { print $2 }' q.csv | grep -qx 0 && fail "a doubled number has no line"
while IFS=, read -r file line _ _ rule _; do
    [ "$rule" = TWICE ] || continue
    number=$(sed -n "${line}p" d.csv | cut -d, -f1)
    [ "$(grep -c "^$number," d.csv)" -gt 1 ] || fail "line $line is of no doubled number"
done <q.csv
grep -q 'd.csv,[0-9]*,[0-9]*,code,R1' q.csv || fail "a rejected code has its line and column"

# --- compile: one digest, whatever the order, cut, threads, encoding or format ------------------
compile() {
    "$fumao" stats compile "$@" --rates x.csv --register r.csv -o json >c.json 2>/dev/null
    field c.json digest
}
digest=$(compile d.csv --threads 1)
[ ${#digest} -eq 64 ] || fail "no digest"
cp c.json whole.json
grep -o '"item":"[A-Z]*"' c.json | sort -cu || fail "items are not in the order of their codes"
grep -q '"rule":"R7"' c.json || fail "compile does not tell of R7"
[ "$(compile d.csv --threads 2)" = "$digest" ] || fail "threads change the digest"
(head -n 1 d.csv; tail -n +2 d.csv | sort -t, -k13,13 -k1,1) >shuffled.csv
[ "$(compile shuffled.csv)" = "$digest" ] || fail "the order changes the digest"
head -n 1 d.csv | tee a.csv b.csv >/dev/null
sed -n 2,17778p d.csv >>a.csv
tail -n +17779 d.csv >>b.csv
[ "$(compile b.csv a.csv)" = "$digest" ] || fail "the cut changes the digest"
gzip -k d.csv
[ "$(compile d.csv.gz)" = "$digest" ] || fail "gzip changes the digest"
[ "$(compile - <d.csv)" = "$digest" ] || fail "a pipe changes the digest"
[ "$(compile <(cat d.csv))" = "$digest" ] || fail "a pipe with a name changes the digest"
mkfifo named
cat d.csv >named &
expect 1 timeout 60 "$fumao" stats check named --rates x.csv --register r.csv -o json
[ "$(field out records)" = 60000 ] || fail "a pipe is read twice by check"
expect 0 "$fumao" stats import - --rates x.csv $store <d.csv
expect 0 "$fumao" stats batches $store
grep -q 'records 60,000  .*  -$' out || fail "standard input makes no batch: $(cat out)"
(printf '\xef\xbb\xbf'; sed 's/$/\r/' d.csv) >crlf.csv
[ "$(compile crlf.csv)" = "$digest" ] || fail "BOM and CRLF change the digest"
[ "$(compile d.csv --memory 1)" = "$digest" ] || fail "spilling changes the digest"
sed '2s/,[0-9]*,\([^,]*,20[0-9]*,\)/,77777,\1/' d.csv >changed.csv
cmp -s d.csv changed.csv && fail "the test changed nothing"
[ "$(compile changed.csv)" != "$digest" ] || fail "another amount has the same digest"

# --- screen ---------------------------------------------------------------------------------------
expect 1 "$fumao" screen d.csv $store -o json
grep -q '"possible":' out || fail "screening counts"

# --- audit, publish, query ------------------------------------------------------------------------
"$fumao" stats generate --rows 150000 --seed 3 --no-faults --no-late --register r2.csv --rates x2.csv \
    >e.csv 2>/dev/null
expect 0 "$fumao" stats compile e.csv --rates x2.csv --register r2.csv --cube e.cube -o json
expect 0 "$fumao" stats audit e.cube --to 2026-03 --release one.release $store -o json
[ "$(field out exposed)" = 0 ] || fail "something is exposed"
[ "$(field out primary)" -gt 0 ] || fail "nothing was sensitive"
grep -q '"release":"2026-03.made-up"' out || fail "a made-up release does not say so"
[ "$(stat -c %a one.release)" = 600 ] || fail "the release file is for nobody else"
expect 3 "$fumao" stats query month-item $store
expect 0 "$fumao" stats publish one.release $store -o json
expect 5 "$fumao" stats publish one.release $store
expect 0 "$fumao" stats query month-item --flow D $store -o csv
grep -q ',D,SJ,' out || fail "no figure of SJ"
awk -F, 'NR > 1 { c = $NF; sub(/\r/, "", c); if ((c == "C") != ($(NF - 1) == "")) exit 1 }' out ||
    fail "a confidential figure has a value, or an open one has none"
expect 0 "$fumao" stats query year-item-partner --partner USA --flow D $store -o json
grep -q '"conf_status":"C"' out || fail "the test saw no confidential figure"
! grep -o '"value":[-0-9]*,"conf_status":"C"' out || fail "a confidential figure came out"
expect 3 "$fumao" stats query month-item --period 2031 $store
expect 3 "$fumao" stats query no-such-table $store
grep -q 'month-item, ' err || fail "no table is offered: $(cat err)"
"$fumao" ledger log $store | grep -q '"kind":"statistics"' || fail "the release is not on the log"
"$fumao" ledger verify $store >/dev/null || fail "the log does not verify"
# The next month, compared with the first.
expect 0 "$fumao" stats audit e.cube --release two.release $store --lang en
grep -q 'next: fumao stats publish two.release' err || fail "the next step is not told: $(cat err)"
rm two.release
expect 0 "$fumao" stats audit e.cube --release two.release $store -o json
[ "$(field out releases)" = 1 ] || fail "the earlier release was not looked at"
expect 0 "$fumao" stats publish two.release $store
# A release file that was touched.
cp two.release bad.release
printf 'x' | dd of=bad.release bs=1 seek=4000 conv=notrunc 2>/dev/null
expect 6 "$fumao" stats publish bad.release $store
cp e.cube bad.cube
printf 'x' | dd of=bad.cube bs=1 seek=4000 conv=notrunc 2>/dev/null
expect 6 "$fumao" stats audit bad.cube $store

# Asked before the work, not after it: names that cannot be had.
expect 5 "$fumao" stats audit e.cube --to 2026-03 --release one.release $store
ln -s there link
mkfifo pipe
for at in link pipe .; do
    expect 2 "$fumao" stats compile e.csv --rates x2.csv --cube $at
    grep -q 'not a regular file' err || fail "--cube $at: $(cat err)"
    expect 2 "$fumao" stats check d.csv --rates x.csv --quarantine $at
done
[ -L link ] && [ -p pipe ] || fail "a link or a pipe was replaced"
expect 3 "$fumao" stats compile no-such-file.csv --cube none/x
grep -q 'no folder none' err || fail "the folder is asked first: $(cat err)"

# With standard output closed no other file takes its number.
expect 75 bash -c "'$fumao' stats generate --rows 5000 --register closed.csv >&-"
[ "$(grep -c . closed.csv)" -lt 5000 ] && ! grep -q ',USD,' closed.csv ||
    fail "records went into the register"

# --- bad input ------------------------------------------------------------------------------------
expect 2 "$fumao" stats
expect 2 "$fumao" stats nonsense
expect 2 "$fumao" stats compile
expect 3 "$fumao" stats compile no-such-file.csv
expect 2 "$fumao" stats compile .
expect 2 "$fumao" stats import . $store
# A file that may not be read is denied (4), not a case of trying later; root may read everything.
cp "$fumao" unread
cp "$fumao" fumao.copy
chmod 000 unread
chmod 711 .
who=
[ "$(id -u)" -ne 0 ] || who='setpriv --reuid 65534 --clear-groups'
expect 4 $who ./fumao.copy stats check unread
expect 4 $who ./fumao.copy stats compile unread
expect 4 $who ./fumao.copy list lint unread --store sqlite::memory:
printf 'no,such\n1,2\n' >columns2.csv
expect 2 "$fumao" stats import columns2.csv $store
grep -q 'fumao: columns2.csv:1' err || fail "import names its own copy: $(cat err)"
: >empty.csv
expect 2 "$fumao" stats compile empty.csv
head -n 1 d.csv | sed 's/amount/amonut/' >columns.csv
expect 2 "$fumao" stats compile columns.csv
grep -q amonut err || fail "the column is not named"
expect 2 "$fumao" stats compile d.csv --threads 0
head -c 100000 d.csv.gz >cut.gz
! "$fumao" stats compile cut.gz >out 2>err || fail "a gzip file that is cut off passes"
(head -n 3 d.csv; printf '"open quote,\n'; sed -n 4,5p d.csv; printf 'a\0b,c\n'; printf '\xff\xfe,x\n') >odd.csv
expect 1 "$fumao" stats check odd.csv --rates x.csv --quarantine odd.q -o json
[ "$(field out records)" = 7 ] && [ "$(field out accepted)" = 4 ] || fail "three of seven are spoilt"
for line in 4 7 8; do
    grep -q "odd.csv,$line," odd.q || fail "line $line of odd.csv is not named"
done
echo "declarations to figures: ok"
