#!/usr/bin/env bash
# The command line as a contract: exit statuses, JSON fields, errors that name place and hint.
set -u
fumao=${FUMAO:-build/fumao}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
. test/lib.sh

# A form that a verb does not print is refused, with those that it prints; in the other form nothing
# comes out in its place.
for verb in 'apikey list --keys x' 'backup x' 'check 7297' doctor 'follow list' fsck 'job list' \
    'job output 1' 'ledger verify' 'ledger key' 'ledger witness' 'list log' 'list show x' 'list diff a b' \
    'list blame k' 'list lint x' 'list import x' 'list publish x' prove 'restore x' 'route 7297' 'serve --listen x' \
    'stats check x' 'stats import x' 'stats batches' 'stats delete x' 'stats compile x' 'stats direct x' \
    'stats audit x' 'stats publish x'; do
    # shellcheck disable=SC2086
    expect 2 "fumao ${verb%% *}.* has no output form \"csv\" .usage" $verb -o csv
done
for verb in barriers 'find x' gap 'map --from SG' openness 'rehearse x' 'screen x' 'stats quarantine' \
    'stats query'; do
    # shellcheck disable=SC2086
    expect 2 '→ -o text, -o json, -o csv$' $verb -o ndjson
done
expect 2 '→ -o text, -o json$' check 7297 -o svg
expect 2 '→ -o text, -o csv$' stats generate --rows 48 -o text -o xml
expect 2 '"hint":"-o text, -o csv"' stats generate --rows 48 -o json
expect 2 'fumao help has no output form "csv"' help -o csv
expect 0 '^  -o text.json, ' help check
expect 0 '^  -o text.json .query: -o text.json.csv.' help stats

# Keys to the API: a key is told once, and what is odd is refused with its place.
keys=$tmp/keys.csv
expect 0 '^fumao_[0-9a-f]{64}$' apikey add one --keys "$keys" --rate 7
expect 0 '^one  7 a second, 35 at once$' apikey list --keys "$keys"
expect 0 '"burst": 35' apikey list --keys "$keys" --json
expect 5 'there is a key of the name one .conflict' apikey add one --keys "$keys"
expect 2 '--keys FILE' apikey add two
expect 2 'begin with' apikey add =two --keys "$keys"
expect 2 'rate: "0" is no whole number' apikey add two --keys "$keys" --rate 0
expect 3 'not-found' apikey remove two --keys "$keys"
expect 3 'apikey add NAME' serve --keys "$tmp/none.csv"
chmod 640 "$keys"
expect 4 'mode 0640' apikey list --keys "$keys"
expect 4 'chmod 600' serve --keys "$keys"
chmod 600 "$keys"
expect 0 '' apikey remove one --keys "$keys"
printf 'x,y,1,1\r\n' >>"$keys"
expect 2 'keys.csv:2 key_sha256: ' serve --keys "$keys"

expect 0 'all well' doctor
expect 0 'cn-national-2024 .*71/71 ' list log
expect 0 'held 71 / published 71, A 5 · B 56 · C 10' list show cn-national-2024
expect 3 'not-found' list show cn-nothing
expect 0 'customs-declaration' list show cn-national-2024 customs-declaration
expect 0 '✕ prohibited' check 7297 --mode 1 --from SG --to CN-SH
expect 0 'more favourable by .*Pilot Free Trade Zones' check 7297 --mode 1 --from SG --to CN-SH-FTZ
expect 0 '→ governed elsewhere' check 7297 --mode 1 --from SG --to CN-SH --on 2015-06-01
expect 0 '"outcome": "conditional"' check 0549 --mode 4 --from SG --to CN -o json \
    --fact activity=fishery-resource-survey --fact place=cn-waters
expect 0 '"certainty": "confirmed"' check 7297 --mode 1 --from SG --to CN-SH --json
expect 0 '2 different answers|different answers' check gbt:72 --mode 1 --from SG --to CN
expect 2 'unknown-code' check 99999 --mode 1 --from SG --to CN
expect 2 'did you mean' check 72311 --mode 1 --from SG --to CN
expect 2 'syntax' check 7297 --mode 1 --from SG --to CN --on 2024-02-30
expect 2 'date-range' check 7297 --mode 1 --from SG --to CN --on 1990-01-01
expect 2 'date-range' check 7297 --mode 1 --from SG --to CN --known 2020-01-01
expect 2 'place-date' check 7297 --mode 1 --from SG --to CN-XJ-FTZ --on 2023-06-01
expect 2 'claim' check 7297 --mode 1 --from IR --to CN --claim wto-gats-china
expect 2 'claim' check 7297 --mode 1 --from SG --to CN --claim cn-fdi-2024
expect 2 'unknown-fact' check 7297 --mode 1 --from SG --to CN --fact activty=audit
expect 2 'unknown-fact' check 7297 --mode 1 --from SG --to CN --fact activity=flying
expect 2 'not foreign' check 7297 --mode 1 --from CN --to CN
expect 2 'exists only in mode 3' check 7297 --mode 1 --from SG --to CN --kind branch
expect 2 'no option --mod' check 7297 --mod 1 --from SG --to CN
expect 2 'no verb chek' chek 7297
expect 0 '^7231 ' find 律师
expect 0 '^7231 ' find lawyer
expect 0 '^cn-national-2024/customs-declaration' find 报关
expect 0 '^cn-national-2024/fishery-resource-survey' find FISHERY waters
expect 0 '"provisions_total": [1-9]' find 渔 -o json
expect 3 '' find zzzzqqqq
expect 0 'differences 0' prove --on 2021-09-01
expect 3 'not-found' prove cn-nothing
expect 2 'needs 1 to' find

# Help, of one verb and of all; a word is a word. What stdout did not take is no success.
expect 0 '^  fumao check SECTOR' check --help
expect 0 '^  fumao find WORDS' help find
expect 0 '^  fumao prove' help
"$fumao" find --help | grep -q 'fumao prove' && fault "find --help tells of prove"
expect 0 '^8010 ' find help
expect 2 'zh or en, not fr' check --help --lang=fr
for args in 'find lawyer' 'find lawyer -o json' 'list log'; do
    # shellcheck disable=SC2086
    out=$("$fumao" $args --store "sqlite:$db" --lang en 2>&1 >/dev/full)
    got=$?
    [ "$got" = 75 ] && grep -q 'standard output cannot be written' <<<"$out" ||
        fault "$args on a full disk gave $got: $out"
done

printf '{"id":"x","id":"y"}' >"$tmp/twice.json"
expect 1 'syntax' list lint "$tmp/twice.json"
printf '{"id":"x"' >"$tmp/cut.json"
expect 1 "cut.json:1" list lint "$tmp/cut.json"
printf '\xff\xfe' >"$tmp/bytes.json"
expect 1 'syntax' list lint "$tmp/bytes.json"
head -c 20000 /dev/zero | tr '\0' '[' >"$tmp/deep.json"
expect 1 'syntax' list lint "$tmp/deep.json"
truncate -s 100M "$tmp/huge.json"
expect 2 'limit' list lint "$tmp/huge.json"
expect 3 'not-found' list lint "$tmp/absent.json"
sed 's/"evidence": "A"/"evidence": "D"/' data/instruments/cn-national-2024.json >"$tmp/grade.json"
expect 1 '/provisions/0/evidence' list lint "$tmp/grade.json"
sed 's/"0549"/"0000"/' data/instruments/cn-national-2024.json >"$tmp/code.json"
expect 1 'unknown sector code: 0000' list lint "$tmp/code.json"
expect 0 'no findings' list lint data/instruments/cn-national-2024.json

# What a newcomer gets wrong: what is wrong is said, and what would be right.
expect 2 'no file of declarations is given' stats compile
expect 2 '→ fumao stats compile FILE' stats compile
expect 2 'no file of reports is given' stats direct
expect 2 '→ fumao screen FILE' screen
expect 2 '→ --on-known\?' screen x --on 2024-01-01
expect 2 'threads: "0" is not a whole number from 1 to 16' screen x --threads 0
expect 2 '→ fumao stats compile FILE --cube CUBE; fumao stats audit CUBE' stats audit
expect 2 '→ fumao stats audit CUBE --release RELEASE' stats publish
expect 2 'the option --rows needs a value' stats generate --rows --seed 1
expect 2 'stats generate takes no "d.csv"' stats generate d.csv --rows 48
expect 2 'today: "2024-13-01" is not a date' stats check x --today 2024-13-01
expect 2 '→ YYYY-MM-DD' stats check x --today 2024-13-01
expect 6 'cut.json is not a cube file, or it is damaged .integrity' stats audit "$tmp/cut.json"
expect 6 'cut.json is not a release, or it is damaged .integrity' stats publish "$tmp/cut.json"
expect 3 '→ fumao stats publish RELEASE' stats query
expect 2 '→ (C, D|D, C)' stats query month-item --flow ZZ
expect 3 '→ fumao stats batches' stats quarantine zz
expect 2 '^fumao: -:1: there is no header' screen - </dev/null
expect 2 'after follow comes .*: list x .usage' follow list x
expect 2 '^fumao: SECTOR is missing' follow add
expect 2 '^fumao: --url is missing' follow add 7231 --mode 1 --from SG --to CN
expect 2 'what is 7232' follow add 7231 7232 --mode 1 --from SG --to CN --url https://example.org/x
expect 3 'ca: cannot read ./none' follow send --ca ./none
expect 2 '→ fumao list publish\?' publish draft.json
expect 2 '→ fumao stats query\?' query

finish
