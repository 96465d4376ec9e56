#!/usr/bin/env bash
# fumao follow from outside, against a receiver of our own (test/follow.mjs): a change of meaning is
# told once and signed, any other change is not; what happens when the receiver fails, is gone, says
# to go elsewhere, never ends, or when the sender is killed between the post and its mark.
set -u
cd "$(dirname "$0")/.."
fumao=$(realpath "${FUMAO:-build/fumao}")
tmp=$(mktemp -d)
receiver=
other=
trap 'for p in $receiver $other; do kill "$p" 2>/dev/null; done; rm -rf "$tmp"' EXIT
. test/lib.sh
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY

wait_for() { # FILE [PATTERN]: until it is there and has the pattern
    for _ in $(seq 600); do
        [ -e "$1" ] && { [ -z "${2-}" ] || grep -q -- "$2" "$1"; } && return
        sleep 0.05
    done
    fault "no ${2-} in $1"
}
watch() { # PATH ARGS...: a new watch of sector 72; its number in $id, its secret in $secret
    local at=$1 said
    shift
    said=$("$fumao" follow add 72 --mode 1 --from SG --to CN-SH --url "http://127.0.0.1:$port$at" \
        --private "$@" --store "sqlite:$db" 2>/dev/null)
    id=$(head -1 <<<"$said" | cut -d' ' -f1)
    secret=$(sed -n 2p <<<"$said")
}
posts() { # PATH: how many came
    grep -c "\"path\":\"$1\"" "$tmp/log"
}
member() { # N MEMBER: of the Nth request, as the receiver saw it, without a line end added
    sed -n "$1p" "$tmp/log" | node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(0))[process.argv[1]])' "$2"
}
body() { # N EXPRESSION of the document d
    member "$1" body | node -e 'const d = JSON.parse(require("fs").readFileSync(0)); console.log(eval(process.argv[1]))' "$2"
}
sql() {
    sqlite3 "$db" "$1"
}
publish() { # FILE
    expect 0 'published' list publish "$1" --yes
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
    -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' -keyout "$tmp/tls.key" -out "$tmp/tls.crt" \
    2>/dev/null
: >"$tmp/log"
node test/follow.mjs "$tmp" &
receiver=$!
wait_for "$tmp/ports"
read -r port tls <"$tmp/ports"

# ---- what is refused when it is registered
ask=(follow add 7231 --mode 1 --from SG --to CN-SH)
expect 0 'no watches' follow list
expect 0 '0 watches' follow send
expect 2 'add, list, remove ID, resume ID or send' follow
expect 2 '--url is missing' "${ask[@]}"
expect 2 '--to is missing' follow add 7231 --mode 1 --from SG --url https://example.org/
expect 2 'no option --key' "${ask[@]}" --url https://example.org/ --key x
expect 2 'no option --url' follow send --url https://example.org/
for bad in http://example.org/ ftp://example.org/ http://127.0.0.1/ example.org 'https://' '' \
    'https://a:b@example.org/' 'https://example.org/#x' 'https://例.example/' 'https://a b/' \
    'file:///etc/passwd'; do
    expect 2 'url: the target: .*invalid' "${ask[@]}" --url "$bad"
done
expect 2 'it must be https' "${ask[@]}" --url http://10.0.0.1/ --private
expect 2 'longer than 2000 bytes' "${ask[@]}" --url "https://example.org/$(printf 'x%.0s' $(seq 2000))"
expect 2 'no code gbt:99999' follow add 99999 --mode 1 --from SG --to CN-SH --url https://example.org/
expect 2 'the mode is 1 to 4, not "5"' follow add 7231 --mode 5 --from SG --to CN-SH --url https://example.org/
expect 2 'since: not a date' "${ask[@]}" --url https://example.org/ --since yesterday
expect 2 'no number of a watch' follow remove x
expect 3 'there is no watch 7' follow remove 7
expect 3 'there is no watch 7' follow resume 7
expect 2 'watch: "0" is no number of seconds' follow send --watch 0
expect 0 'no watches' follow list

# ---- nothing but a change of meaning is told
watch /ok
first=$id
grep -Eq '^fumao_follow_[0-9a-f]{64}$' <<<"$secret" || fault "no secret: $secret"
same "$(stat -c %a "$db.follow")" 600 "mode of the key file"
same "$(sql "SELECT count(*) FROM watch WHERE instr(salt||url,substr('$secret',14))")" 0 "secrets in the store"
expect 0 '"state": "active"' follow list --json
expect 0 'again|active' follow list
"$fumao" follow list --store "sqlite:$db" | grep -q "$secret" && fault "list tells the secret"
expect 0 '1 watches, 0 told' follow send
sed 's/"note_en": "/"note_en": "Corrected. /' data/instruments/cn-national-2024.json >"$tmp/note.json"
publish "$tmp/note.json"
# Another edition of the same law: other numbers, other words.
sed -e 's/"id": "cn-national-2024"/"id": "cn-same", "replaces": ["cn-national-2024"]/' \
    -e 's/"valid_from": "2024-04-21"/"valid_from": "2089-01-01"/' \
    -e 's/"en": "/"en": "Put otherwise: /' -e '/^   "no": [0-9]*,$/d' \
    data/instruments/cn-national-2024.json >"$tmp/same.json"
publish "$tmp/same.json"
expect 0 '1 watches, 0 told .0 news., 0 failed' follow send
same "$(posts /ok)" 0 "posts after changes that touch no meaning"

# ---- a change of meaning, once
draft() { # FILE MORE: a list of one item, or two
    cat >"$tmp/$1" <<JSON
{"id": "cn-new", "replaces": ["cn-same"],
 "family": "cross-border", "layer": "national", "default": "equal",
 "territory": ["CN"], "beneficiaries": ["*"], "edition_kind": "working",
 "title_zh": "试", "title_en": "Trial", "valid_from": "2090-01-01",
 "provisions": [$2
  {"key": "customs-declaration", "effect": "notify", "evidence": "C", "sources": ["x"],
   "zh": "报关", "en": "Customs declaration",
   "scope": {"sectors": ["7297"], "modes": [1], "directions": ["import"],
             "kinds": ["firm", "person"]}}]}
JSON
}
draft new.json ''
publish "$tmp/new.json"
expect 0 "^$first  72/1/SG/CN-SH  1 told" follow send
expect 0 '1 watches, 0 told' follow send
same "$(posts /ok)" 1 "posts after a change of meaning"
same "$(body 1 '[d.watch, d.sector, d.mode, d.from, d.to, d.more, d.news.length].join()')" \
    "$first,72,1,SG,CN-SH,false,1" "the document"
same "$(body 1 '[d.news[0].kind, d.news[0].day, d.news[0].opened > 0].join()')" \
    changed,2090-01-01,true "the news"
body 1 'd.news[0].en' | grep -q 'meaning of these cells is another. Example: ' || fault "no words in English"
body 1 'd.news[0].zh' | grep -q '含义' || fault "no words in Chinese"
same "$(member 1 type)" application/json "type"
# The signature, by another program.
sent=$(member 1 signature)
t=$(sed 's/^t=\([0-9]*\),v1=.*/\1/' <<<"$sent")
mac=$({ printf '%s.' "$t"; member 1 body; } | openssl dgst -sha256 -hmac "$secret" -r | cut -d' ' -f1)
same "$sent" "t=$t,v1=$mac" "signature"
[ $(($(date +%s) - t)) -lt 60 ] || fault "the signature is of $t"
# The same news as the Atom feed of the same cells.
"$fumao" serve --listen 127.0.0.1:0 --store "sqlite:$db" --lang en 2>"$tmp/serve" &
other=$!
wait_for "$tmp/serve" '127.0.0.1:'
portal=$(sed -n 's#.*127.0.0.1:\([0-9]*\)/.*#\1#p' "$tmp/serve" | head -1)
curl -s "http://127.0.0.1:$portal/follow/72/1/SG/CN-SH.atom" >"$tmp/feed"
kill "$other"
wait "$other" 2>/dev/null
other=
urn=$(body 1 'd.news[0].id')
grep -q "<id>$urn</id>" "$tmp/feed" || fault "the feed has no $urn"
watch /all --since 1000-01-01
expect 0 "^$id  .* told" follow send
same "$(body 2 'd.news.map((x) => x.id).reverse().join("\n")')" \
    "$(grep -o '<entry><id>[^<]*' "$tmp/feed" | sed 's/<entry><id>//')" "news and entries of the feed"
expect 0 '' follow remove "$id"
same "$(sql "SELECT count(*) FROM watch_told WHERE watch=$id")" 0 "what a removed watch was told"

# ---- news that is itself revised: the id of the entry, another key
draft revised.json ' {"key": "lawyers", "effect": "prohibit", "evidence": "C", "sources": ["x"], "zh": "律师", "en": "Lawyers",
   "scope": {"sectors": ["723"], "modes": [1], "directions": ["import"], "kinds": ["firm", "person"]}},'
publish "$tmp/revised.json"
expect 0 '1 told' follow send
same "$(body 3 'd.news[0].id')" "$urn" "id of revised news"
[ "$(body 3 'd.news[0].key')" != "$(body 1 'd.news[0].key')" ] || fault "revised news has the key of the old"
expect 0 '0 told' follow send
expect 0 '' follow remove "$first"

# ---- killed between the answer and the mark: the same again
watch /hold --since 1000-01-01
"$fumao" follow send --store "sqlite:$db" >"$tmp/killed" 2>&1 &
other=$!
wait_for "$tmp/log" '"path":"/hold"'
expect 75 'another follow send is at work' follow send
mkfifo "$tmp/pipe"
sqlite3 "$db" <"$tmp/pipe" &
holder=$!
exec 3>"$tmp/pipe"
printf 'BEGIN IMMEDIATE;\n.shell touch %s/locked\n' "$tmp" >&3
wait_for "$tmp/locked"
touch "$tmp/go"
wait_for "$tmp/answered"
sleep 0.3
kill -9 "$other"
wait "$other" 2>/dev/null
other=
exec 3>&-
wait "$holder"
same "$(sql "SELECT last||state FROM watch WHERE id=$id")" active "the mark after the kill"
expect 0 ' told' follow send
same "$(posts /hold)" 2 "posts of a killed sender and the next"
same "$(member 5 body)" "$(member 4 body)" "the document sent again"
expect 0 '0 told' follow send
expect 0 '' follow remove "$id"

# ---- a receiver that fails: tried again, later and later, then no more
watch /fail --since 1000-01-01
expect 1 'not told: the answer was 500; again after' follow send
expect 0 '1 waiting' follow send
same "$(posts /fail)" 1 "posts before the pause is over"
expect 0 'failing  1 failures in a row, again after .*the answer was 500' follow list
pause() {
    sql "SELECT next_at-strftime('%s','now') BETWEEN $1-5 AND $1 FROM watch WHERE id=$id"
}
same "$(pause 60)" 1 "the first pause"
sql "UPDATE watch SET next_at=0"
expect 1 'the answer was 500' follow send
same "$(pause 120)" 1 "the second pause"
sql "UPDATE watch SET next_at=0, failures=14"
expect 1 'the answer was 500; again after' follow send
same "$(pause 43200)" 1 "the longest pause"
sql "UPDATE watch SET next_at=0"
expect 1 'stopped: fumao follow resume' follow send
expect 0 '1 stopped' follow send
same "$(posts /fail)" 4 "posts to a receiver that fails"
touch "$tmp/well"
expect 0 '' follow resume "$id"
expect 0 ' told' follow send
expect 0 '"failures": 0' follow list --json
same "$(sql 'SELECT state||fault_en||(last<>"")||(delivered_at>0) FROM watch')" active11 "the row after it went well"
expect 0 '' follow remove "$id"

# ---- receivers that are gone, lead elsewhere, never end, or say nothing
watch /gone --since 1000-01-01
expect 1 'the answer was 410; stopped' follow send
expect 0 '' follow remove "$id"
watch /moved --since 1000-01-01
expect 1 'the answer was 307: redirects are not followed' follow send
same "$(posts /landed)" 0 "redirects followed"
expect 0 '' follow remove "$id"
watch /big --since 1000-01-01
begun=$SECONDS
expect 0 ' told' follow send
[ $((SECONDS - begun)) -lt 14 ] || fault "an endless answer took $((SECONDS - begun)) s"
wait_for "$tmp/written"
[ "$(cat "$tmp/written")" -lt 67108864 ] || fault "$(cat "$tmp/written") bytes of an endless answer were taken"
expect 0 '' follow remove "$id"
watch /header --since 1000-01-01
expect 1 'not told: the headers of the answer are longer' follow send
expect 0 '' follow remove "$id"
# ---- many at the same time: no more than may be, of all and of one host
limit() {
    sed -n "s/^ *$1 = \([0-9]*\),.*/\1/p" src/base/limits.h
}
copies() { # HOST N PATH: N watches like that of $id with another target
    sql "WITH RECURSIVE k(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM k WHERE n<$2)
        INSERT INTO watch(sector,mode,origin,place,url,within,salt,key_id,created_at)
        SELECT sector,mode,origin,place,'http://$1:$port$3',1,salt,key_id,created_at FROM watch,k WHERE id=$id"
}
all=$(limit LIMIT_POSTS)
each=$(limit LIMIT_POSTS_A_HOST)
[ "$all" -gt 1 ] && [ $((9 * each)) -gt "$all" ] || fault "nine hosts do not meet the limit of $all posts"
watch / --since 1000-01-01
for k in $(seq 9); do
    copies 127.0.0.$k $((each + 1)) /gate
done
sql "DELETE FROM watch WHERE id=$id"
echo "$all" >"$tmp/gate"
expect 0 "$((9 * (each + 1))) watches, $((9 * (each + 1))) told .* 0 failed" follow send
same "$(cat "$tmp/most")" "$all of all, $each of one host, $((9 * (each + 1))) came" "posts under way at one time"
sql "PRAGMA foreign_keys=ON; DELETE FROM watch"

# ---- who says nothing, refuses or leads elsewhere holds nobody up; a kill meanwhile loses no mark
watch / --since 1000-01-01
copies 127.0.0.1 "$each" /silent
for at in /fail-not /ok2 /moved /gone /ok2 /ok2; do
    copies 127.0.0.2 1 "$at"
done
sql "DELETE FROM watch WHERE id=$id"
"$fumao" follow send --store "sqlite:$db" --lang en >"$tmp/killed" 2>&1 &
other=$!
for _ in $(seq 600); do
    [ "$(grep -c -- '  [0-9]* told$' "$tmp/killed")" = 4 ] && [ "$(posts /silent)" = "$each" ] && break
    sleep 0.05
done
kill -9 "$other"
wait "$other" 2>/dev/null
other=
same "$(sql "SELECT count(*) FROM watch WHERE delivered_at>0 AND url NOT LIKE '%/silent'")" 4 "marks before the kill"
same "$(sql "SELECT count(*) FROM watch WHERE failures=0 AND url LIKE '%/silent'")" "$each" "silent ones, cut off"
same "$(grep -c 'not in time' "$tmp/killed")" 0 "silent ones that held the others up"
sql "UPDATE watch SET next_at=0"
before=$(posts /ok2)
expect 1 'not told: not delivered: not in time' follow send
same "$(posts /ok2)" "$before" "posts of what was told before the kill"
same "$(posts /silent)" $((2 * each)) "posts to those cut off"
sql "PRAGMA foreign_keys=ON; DELETE FROM watch"

# ---- addresses that may not be reached; TLS; no proxy
before=$(cat "$tmp/connections")
for host in 127.0.0.1 localhost '[::1]' '[::ffff:127.0.0.1]' 10.255.255.1 169.254.169.254 0.0.0.0 2130706433; do
    "$fumao" follow add 72 --mode 1 --from SG --to CN-SH --since 1000-01-01 \
        --url "https://$host:$tls/" --store "sqlite:$db" >/dev/null 2>&1 || fault "add $host"
done
expect 1 '0 told .0 news., 8 failed' follow send
same "$(sql "SELECT count(*) FROM watch WHERE fault_en LIKE 'the host has no address that may be reached%'")" 8 \
    "addresses refused"
same "$(cat "$tmp/connections")" "$before" "connections to what may not be reached"
sql "PRAGMA foreign_keys=ON; DELETE FROM watch"
# Link-local, where cloud machines keep their credentials, not even with --private.
"$fumao" follow add 72 --mode 1 --from SG --to CN-SH --since 1000-01-01 --private \
    --url https://169.254.169.254/ --store "sqlite:$db" >/dev/null 2>&1
expect 1 'may be reached' follow send
sql "PRAGMA foreign_keys=ON; DELETE FROM watch"
"$fumao" follow add 72 --mode 1 --from SG --to CN-SH --since 1000-01-01 --private \
    --url "https://localhost:$tls/tls" --store "sqlite:$db" >/dev/null 2>&1
expect 1 'not told: not delivered: the certificate is not trusted' follow send
same "$(posts /tls)" 0 "posts to a server with an unknown certificate"
sql "UPDATE watch SET next_at=0"
: >"$tmp/empty.crt"
expect 2 'no certificates in .*empty.crt' follow send --ca "$tmp/empty.crt"
same "$(sql "SELECT failures FROM watch")" 1 "failures after a fault of our own"
export https_proxy=http://127.0.0.1:9 http_proxy=http://127.0.0.1:9 all_proxy=http://127.0.0.1:9
expect 0 ' told' follow send --ca "$tmp/tls.crt"
unset https_proxy http_proxy all_proxy
same "$(posts /tls)" 1 "posts over TLS"
sql "PRAGMA foreign_keys=ON; DELETE FROM watch"

# ---- in a loop; the key file
watch /loop
"$fumao" follow send --watch 1 --store "sqlite:$db" --lang en >"$tmp/loop" 2>&1 &
other=$!
wait_for "$tmp/loop" '1 watches, 0 told'
draft third.json ' {"key": "lawyers", "effect": "restrict", "evidence": "C", "sources": ["x"], "zh": "律师", "en": "Lawyers",
   "scope": {"sectors": ["72"], "modes": [1], "directions": ["import"], "kinds": ["firm", "person"]}},'
publish "$tmp/third.json"
wait_for "$tmp/loop" '1 watches, 1 told'
same "$(posts /loop)" 1 "posts of the loop"
kill "$other"
wait "$other" 2>/dev/null
other=
chmod 640 "$db.follow"
expect 4 'mode 0640' follow send
chmod 600 "$db.follow"
mv "$db.follow" "$tmp/kept"
expect 3 'store.db.follow' follow send
head -c 32 /dev/urandom >"$db.follow"
chmod 600 "$db.follow"
sql "DELETE FROM watch_told"
expect 1 'made with another .follow file' follow send
head -c 31 "$tmp/kept" >"$db.follow"
expect 6 'is no key: it has 32 bytes' follow send

finish
