#!/usr/bin/env bash
# Direct reports from the command line, as docs/direct.md says them: made up for a made-up economy,
# every number against a slow reference, every planted fault found and no other; the same answer
# whatever the order, the files and the format; bad input is named by line, column, field and rule.
set -euo pipefail
fumao=$(realpath "${FUMAO:-build/fumao}")
here=$(realpath "$(dirname "$0")")
data=$(realpath "${DATA:-$here/../data}")
export LC_ALL=C.UTF-8
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
expect() { # STATUS COMMAND...
    local want=$1 got=0
    shift
    "$@" >out 2>err || got=$?
    [ "$got" -eq "$want" ] || fail "status $got, not $want: $* ($(head -c 300 err))"
}
today="--today 2026-06-30"
reference() {
    "$here/reference_direct.py" --data "$data" --rates x.csv $today "$@" 2>ref.err ||
        fail "the reference: $(head -c 1000 ref.err)"
}

# --- a made-up economy, with company groups and with report numbers that are there twice ----------
"$fumao" stats generate --rows 60000 --enterprises 4000 --seed 7 --no-faults --register r.csv \
    --rates x.csv >d.csv 2>/dev/null
awk -F, -v OFS=, 'NR > 1 { $4 = "G" NR % 40 } { print }' r.csv >grouped
mv grouped r.csv
awk -F, -v OFS=, 'NR > 1 && NR % 500 == 0 { print }
    NR > 1 && NR % 500 == 250 { $11 = $11 + 1; print }' d.csv >twice
cat twice >>d.csv
expect 0 "$fumao" stats compile d.csv --rates x.csv --register r.csv --cube d.cube
declared="--declarations d.csv --register r.csv"
direct="$fumao stats direct --rates x.csv $today -o json"

# --- what was planted is found, and nothing else; every number is the reference's ------------------
for seed in 1 2 3; do
    "$fumao" stats generate --direct-of d.cube --seed $seed --truth t.csv >m.csv 2>/dev/null
    "$fumao" stats generate --direct-of d.cube --seed $seed >again.csv 2>/dev/null
    cmp -s m.csv again.csv || fail "the same seed gives other bytes"
    expect 1 $direct m.csv --cube d.cube --quarantine q.csv
    cp out whole.json
    reference $declared --faults f.csv --against whole.json m.csv
    planted() { # PLANT: party,month,flow,item
        awk -F, -v OFS=, -v p="$1" '$5 == p { sub(/-/, "", $2); print $1, $2, $3, $4 }' t.csv | sort -u
    }
    found() { # RULE
        awk -F, -v OFS=, -v r="$1" '$1 == r { print $2, $3, $4, $5 }' f.csv | sort -u
    }
    for pair in silent:MISSING wrong:DIFFERS replaced:REPLACED; do
        [ -n "$(planted ${pair%:*})" ] || fail "seed $seed planted no ${pair%:*}"
        diff <(planted ${pair%:*}) <(found ${pair#*:}) >differ ||
            fail "seed $seed, ${pair%:*}: $(head -n 5 differ)"
    done
    # A month that is late is named once; of a wrong digit, the right number and the month.
    diff <(planted late) <(found LATE | awk -F, '{ print $1 "," $2 ",," }' | sort -u) >differ ||
        fail "seed $seed, late: $(head -n 5 differ)"
    diff <(planted digit | cut -c1-17,19-25) <(found IDENTITY | cut -c1-17,19-25) >differ ||
        fail "seed $seed, digit: $(head -n 5 differ)"
    # The quarantine is what the reference leaves out, line by line.
    diff <(awk -F, '/^(FORM|IDENTITY|HOME|WHEN|TWICE|REPLACED|UNRATED),/ { print $1 }' f.csv | sort) \
        <(tail -n +2 q.csv | cut -d, -f5 | sort) >differ || fail "the quarantine: $(cat differ)"
    while IFS=, read -r _ line _ _ rule _; do
        [ "$rule" = IDENTITY ] || continue
        id=$(sed -n "${line}p" m.csv | cut -d, -f1)
        grep -q "^IDENTITY,$id," f.csv || fail "line $line has no wrong digit"
    done <q.csv
done
[ "$(stat -c %a q.csv)" = 600 ] || fail "the quarantine is for nobody else"
expect 1 $direct m.csv
reference --against out m.csv
grep -q beside out && fail "there is no cube, and something is beside it"
"$fumao" stats generate --direct-of d.cube --seed 1 --no-faults >clean.csv 2>/dev/null
expect 0 $direct clean.csv --cube d.cube
reference $declared --against out clean.csv
grep -q '"REPLACED":0,"UNRATED":0,"LATE":0,"USUAL":[0-9]*,"UNLISTED":0,"DIFFERS":0,"MISSING":0' out ||
    fail "without faults there are findings"

# --- faults of every kind in large numbers, against the reference ----------------------------------
# Two currencies, modes, partners, months without a rate, lines filed again that day and later.
awk -F, -v OFS=, 'NR == 1 { print; next }
    { print }
    NR % 7 == 0 { $6 = NR % 4 + 1; print }
    NR % 11 == 0 { $8 = NR % 2 ? "JPY" : "KWD"; $7 = "HKG"; print }
    NR % 13 == 0 { $9 = $9 + NR % 3; print }
    NR % 17 == 0 { $10 = "2026-06-11"; $9 = int($9 / 2); print }
    NR % 19 == 0 { $9 = 0; print }
    NR % 23 == 0 { $5 = $5 == "SD" ? "SDZ" : "SC3B1"; print }
    NR % 29 == 0 { $3 = "2014-0" NR % 9 + 1; print }
    NR % 31 == 0 { $7 = "CHN"; print }
    NR % 37 == 0 { $1 = "9" substr($1, 1, 17); print }
    NR % 41 == 0 { $10 = "2014-01-31"; print }
    NR % 47 == 0 { $5 = "SAY"; print } # a memorandum item
    NR % 43 == 0 { $5 = "S"; print }' m.csv >many.csv
expect 1 $direct many.csv --cube d.cube --quarantine q.csv
cp out many.json
reference $declared --against many.json many.csv
for rule in FORM IDENTITY HOME WHEN TWICE REPLACED UNRATED LATE USUAL DIFFERS MISSING; do
    grep -q "\"$rule\":[1-9]" many.json || fail "no $rule among many faults"
done
# Register entries that are not marked: those that report are asked about, and not expected.
awk -F, -v OFS=, 'NR > 1 && $5 == 1 && ++n % 3 == 0 { $5 = 0 } { print }' r.csv >fewer.csv
expect 0 "$fumao" stats compile d.csv --rates x.csv --register fewer.csv --cube fewer.cube
expect 1 $direct many.csv --cube fewer.cube
reference --declarations d.csv --register fewer.csv --against out many.csv
grep -q '"UNLISTED":[1-9]' out || fail "nobody is unlisted"

# With the register itself, key enterprises that have declared nothing through banks are known too,
# and a register newer than the cube decides for both sources.
awk 'NR <= 3000' d.csv >some.csv
expect 0 "$fumao" stats compile some.csv --rates x.csv --register fewer.csv --cube some.cube
expect 1 $direct many.csv --cube some.cube
cp out bare.json
expect 1 $direct many.csv --cube some.cube --register r.csv
reference --declarations some.csv --register r.csv --whole-register --against out many.csv
[ "$(sed 's/.*"UNLISTED":\([0-9]*\).*/\1/' out)" -lt "$(sed 's/.*"UNLISTED":\([0-9]*\).*/\1/' bare.json)" ] ||
    fail "the register lists nobody whom the cube does not hold"
awk -F, -v OFS=, 'NR > 1 { $5 = 0 } { print }' r.csv >nobody.csv # more than are named
expect 1 $direct many.csv --register nobody.csv
reference --register nobody.csv --whole-register --against out many.csv
grep -q '"unlisted":\["' out || fail "nobody is named as unlisted"
printf 'size,key\nlarge,1\n' >bad.csv
expect 2 $direct many.csv --register bad.csv

# --- one answer, whatever the order, the cut and the format -----------------------------------------
same() { # FILE...
    expect 1 $direct "$@" --cube d.cube --quarantine q2.csv
    cmp -s out many.json || fail "another answer: $*"
    [ "$(tail -n +2 q2.csv | cut -d, -f5 | sort | uniq -c)" = \
        "$(tail -n +2 q.csv | cut -d, -f5 | sort | uniq -c)" ] || fail "another quarantine: $*"
}
(head -n 1 many.csv; tail -n +2 many.csv | sort -t, -k9,9 -k1,1) >shuffled.csv
same shuffled.csv
(head -n 1 many.csv; tail -n +2 many.csv | awk 'NR % 3 == 0') >a.csv
(head -n 1 many.csv; tail -n +2 many.csv | awk 'NR % 3 != 0') >b.csv
same a.csv b.csv
same b.csv a.csv
gzip -k many.csv
same many.csv.gz
expect 1 $direct - --cube d.cube <many.csv
cmp -s out many.json || fail "a pipe changes the answer"
awk -F, 'NR > 1 { printf "{\"mode\":%s,\"party_id\":\"%s\",\"form\":\"%s\",\"period\":\"%s\",", $6, $1, $2, $3
    printf "\"flow\":\"%s\",\"item\":\"%s\",\"country\":%s,\"currency\":\"%s\",\"amount\":%s,", $4, $5,
        $7 == "" ? "null" : "\"" $7 "\"", $8, $9
    printf "\"filed\":\"%s\",\"remark\":\"%s\"}\n", $10, $11 }' many.csv >many.ndjson
same many.ndjson
sed 's/made up$/虚构数据，并非真实企业/' many.csv >chinese.csv
same chinese.csv
iconv -f UTF-8 -t GB18030 chinese.csv >gb.csv
cmp -s gb.csv chinese.csv && fail "the test converted nothing"
same gb.csv
(printf '\xef\xbb\xbf'; sed 's/$/\r/' many.csv) >crlf.csv
same crlf.csv
awk -F, -v OFS=, '{ print "\"" $11 "\"", $10, $9, $8, $7, $6, $5, $4, $3, $2, $1 }' many.csv >turned.csv
same turned.csv
sed '2s/,USD,[0-9]*,/,USD,77777777777,/' many.csv >changed.csv
cmp -s changed.csv many.csv && fail "the test changed nothing"
expect 1 $direct changed.csv --cube d.cube
cmp -s out many.json && fail "another amount, the same answer"

# --- hostile lines: each named by line, column, field and rule, all others counted --------------------
id=$(awk -F, 'NR == 2 { print $1 }' m.csv)
columns=party_id,form,period,flow,item,mode,country,currency,amount,filed,remark
n=1
echo "$columns" >odd.csv
: >named
line() { # RECORD [COLUMN FIELD RULE]; no COLUMN: it counts
    n=$((n + 1))
    printf '%b\n' "$1" >>odd.csv
    [ $# -eq 1 ] || echo "odd.csv,$n,$2,$3,$4" >>named
}
line "$id,JB4,202403,C,SJ21,1,USA,USD,100,20240408,good"
line "${id%?}?,JB4,202403,C,SJ21,1,USA,USD,100,20240408," 1 party_id FORM
line "9$id,JB4,202403,C,SJ21,1,USA,USD,100,20240408," 1 party_id FORM
line "9${id%?},JB4,202403,C,SJ21,1,USA,USD,100,20240408," 1 party_id IDENTITY
line "$id,JB9,202403,C,SJ21,1,USA,USD,100,20240408," 20 form FORM
line "$id,JB4,202413,C,SJ21,1,USA,USD,100,20240408," 24 period FORM
line "$id,JB4,202403,,SJ21,1,USA,USD,100,20240408," 31 flow FORM
line "$id,JB4,202403,C,SJ99,1,USA,USD,100,20240408," 33 item FORM
line "$id,JB4,202403,C,SJ21,0,USA,USD,100,20240408," 38 mode FORM
line "$id,JB4,202403,C,SJ21,5,USA,USD,100,20240408," 38 mode FORM
line "$id,JB4,202403,C,SJ21,1,XQX,USD,100,20240408," 40 country FORM
line "$id,JB4,202403,C,SJ21,1,CHN,USD,100,20240408," 40 country HOME
line "$id,JB4,202403,C,SJ21,1,USA,QQQ,100,20240408," 44 currency FORM
line "$id,JB4,202403,C,SJ21,1,USA,USD,,20240408," 48 amount FORM
line "$id,JB4,202403,C,SJ21,1,USA,USD,-5,20240408," 48 amount FORM
line "$id,JB4,202403,C,SJ21,1,USA,USD,1000000000000000,20240408," 48 amount FORM
line "$id,JB4,202403,C,SJ21,1,USA,USD,100,20240331," 52 filed WHEN
line "$id,JB4,202403,C,SJ21,1,USA,USD,100,20260701," 52 filed WHEN
line "$id,JB4,202404,C,SJ21,1,USA,USD,100,20240508," 48 amount TWICE
line "$id,JB4,202404,C,SJ21,1,USA,USD,101,20240508," 48 amount TWICE
line "$id,JB4,202404,C,SJ21,1,USA,USD,100,20240507,earlier" 48 amount REPLACED
line "$id,JB4,202405,C,SJ21,1,USA,USD,100,20240607," 48 amount REPLACED
line "$id,JB4,202405,C,SJ21,1,USA,USD,250,20240608,the right one"
line "$id,JB4,202405,C,SJ21,1,USA,USD,250,20240608,the same again" 48 amount REPLACED
line "$id,JB4,201401,C,SJ21,1,USA,USD,250,20140208,no rate" 44 currency UNRATED
line "$id,JB4,201401,C,SJ21,2,USA,USD,0,20140208,nothing needs none"
line "$id,JB4,202406,C,SJ21,1,USA,USD,1,20240708,\"never closed" 59 '' FORM
line "$id,JB4,202406,C,SJ21,1,USA,USD,7,20240708,behind it"
line "$id,JB4,202406,C,SJ21,2,USA,USD,1,20240708,a\0b" 60 '' FORM
line "$id,JB4,202406,C,SJ21,2,USA,USD,1,20240708,a\"b" 60 '' FORM
line "$id,JB4,202406,C,SJ21,2,USA,USD,1,20240708,$(printf 'x%.0s' {1..17000})" 0 '' FORM
line "$id,JB4,202406,C,SJ21,2,USA,USD,1,20240708,\xff\xfe" 59 '' FORM
line "$id,JB4,202406,C" 32 '' FORM
line "$id,JB4,202406,C,SJ21,2,USA,USD,1,20240708,a,b" 61 '' FORM
line "$id,JB8,202407,D,SL,4,,EUR,3,20240808,the last"
expect 1 "$fumao" stats direct $today -o json odd.csv --quarantine odd.q # the shipped rates
[ "$(tail -n +2 odd.q | grep -ac '^odd.csv,')" = "$(wc -l <named)" ] ||
    fail "not as many in quarantine: $(cut -c1-60 odd.q)"
while read -r want; do
    grep -aq "^$want," odd.q || fail "$want is not in quarantine: $(grep -a "^$(cut -d, -f1,2 <<<"$want")," odd.q | cut -c1-80)"
done <named
out_of=$(wc -l <named)
grep -q "^{\"read\":$((n - 1)),\"accepted\":$((n - 1 - out_of))," out || fail "counts: $(head -c 100 out)"
excluded=$(grep -c 'REPLACED\|UNRATED' named)
grep -q "\"rejected\":$((out_of - excluded)),\"excluded\":$excluded," out || fail "counts: $(head -c 100 out)"
grep -q '"flow":"C","item":"SJ","enterprises":1,"usd_cents":357}' out || fail "what is good does not count"

# --- files that cannot be read ------------------------------------------------------------------------
expect 2 "$fumao" stats direct
expect 3 $direct no-such-file.csv
expect 3 $direct m.csv --cube no-such.cube
expect 2 $direct m.csv --nonsense
: >empty.csv
expect 2 $direct empty.csv
sed '1s/amount/amonut/' m.csv >column.csv
expect 2 $direct column.csv
grep -q 'amonut' err && grep -q 'amount?' err || fail "the unknown column is not named, or no hint given"
cut -d, -f1-9,11 m.csv >column.csv
expect 2 $direct column.csv
grep -q filed err || fail "the missing column is not named"
sed '1s/remark/filed/' m.csv >column.csv
expect 2 $direct column.csv
cut -d, -f1-6,8-10 m.csv >column.csv
expect 1 $direct column.csv
expect 1 $direct m.csv
head -c 2000 many.csv.gz >cut.gz
! $direct cut.gz >out 2>err || fail "a gzip file that is cut off passes"
expect 6 $direct m.csv --cube <(cat d.cube; echo) || fail "a damaged cube passes"
# The largest amounts: sums of 10,080 cells are beyond 64 bits, of 5,040 they are not.
large() { # FLOWS
    echo "$columns"
    for item in SA SB SC SD SE SF SG SH SI SJ SK SL SJ1 SJ2 SJ3; do
        for flow in $1; do
            for month in 2024-{05..12} 2025-{01..04}; do
                for mode in 1 2 3 4; do
                    for form in 2 3 4 5 6 7 8; do
                        echo "$id,JB$form,$month,$flow,$item,$mode,USA,USD,999999999999999,2025-05-01,"
                    done
                done
            done
        done
    done
}
large C >large.csv
expect 1 $direct large.csv --cube d.cube
reference $declared --against out large.csv
large "C D" >large.csv
expect 2 $direct large.csv
grep -q 64 err || fail "what is too large is not said"
echo "direct reports: ok"
