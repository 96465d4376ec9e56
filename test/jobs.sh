#!/usr/bin/env bash
# Batches and jobs as a contract of the command line: taken in, corrected, deleted, compiled; work
# that goes on by itself, is followed, stopped and killed; what lies beside a store in a backup.
set -u
cd "$(dirname "$0")/.."
fumao=$(realpath "${FUMAO:-build/fumao}")
tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$tmp"' EXIT
. test/lib.sh

digest() {
    out stats compile "$@" | sed -n 's/^digest //p'
}

"$fumao" stats generate --rows 20000 --seed 1 >"$tmp/a.csv" 2>/dev/null
"$fumao" stats generate --rows 5000 --seed 2 >"$tmp/b.csv" 2>/dev/null
"$fumao" stats generate --rows 3000000 --seed 3 >"$tmp/big.csv" 2>/dev/null

# ---- batches
expect 0 'no batches' stats batches
expect 3 'no batches' stats compile --batches
expect 2 'no file of declarations' stats import
expect 3 'not-found' stats import "$tmp/none.csv"
expect 0 'records  20,000' stats import "$tmp/a.csv"
expect 0 'nothing has changed' stats import "$tmp/a.csv"
expect 0 '"known":true.*"known":false' stats import "$tmp/a.csv" "$tmp/b.csv" -o json
expect 0 'declarations .*"records":20000' ledger log
same "$(out stats batches | wc -l)" 2 "batches"
same "$(digest --batches)" "$(digest "$tmp/a.csv" "$tmp/b.csv")" "compiled from the store"
expect 2 'give no files' stats compile --batches "$tmp/a.csv"

# ---- corrected and sent again
open=$(out stats quarantine | wc -l)
out stats quarantine -o csv >"$tmp/q.csv"
same "$(head -1 "$tmp/q.csv" | tr -d '\r')" "$(head -1 "$tmp/a.csv" | tr -d '\r')" "columns of quarantine"
same "$(($(wc -l <"$tmp/q.csv") - 1))" "$open" "records of quarantine"
(head -1 "$tmp/q.csv"; awk -F, '$9 == "CHN"' OFS=, "$tmp/q.csv" | sed 's/,CHN,/,SGP,/') >"$tmp/right.csv"
right=$(($(wc -l <"$tmp/right.csv") - 1))
[ "$right" -gt 0 ] || fault "no record with China as counterpart was planted"
expect 0 "put right +$right\$" stats import "$tmp/right.csv"
same "$(out stats quarantine | wc -l)" "$((open - right))" "open after the correction"

# ---- deleted
number=$(sed -n 2p "$tmp/a.csv" | cut -d, -f1)
printf 'report_no,reason\n%s,declared for another party\n' "$number" >"$tmp/del.csv"
expect 0 '^1 report numbers deleted' stats delete "$tmp/del.csv"
expect 0 '^0 report numbers deleted, 1' stats delete "$tmp/del.csv"
expect 0 'deleted, left out +1' stats compile --batches
printf 'report_no,reason\n%s,x\n1100009999992401019999,x\n' "$number" >"$tmp/del.csv"
expect 3 'del.csv:3 report_no: no batch' stats delete "$tmp/del.csv"
grep -v "^$number" "$tmp/a.csv" >"$tmp/less.csv"
same "$(digest --batches)" "$(digest "$tmp/less.csv" "$tmp/b.csv" "$tmp/right.csv")" \
    "compiled without what was deleted"

# ---- beside the store
expect 0 '^batches +3 files' fsck
expect 0 'written' backup "$tmp/copy.db"
[ "$(ls "$tmp/copy.db.batches" | grep -vc quarantine)" = 3 ] || fault "the backup has not the batches"
keep=$db
db=$tmp/restored.db
cp "$keep.key" "$db.key"
expect 0 'restored|written|entries' restore "$tmp/copy.db"
expect 0 '^batches +3 files' fsck
same "$(digest --batches)" "$(db=$keep digest --batches)" "the restored store"
f=$(ls "$db.batches"/* | grep -v quarantine | grep -v lock | head -1)
printf X | dd of="$f" conv=notrunc status=none
expect 6 'not what its batch says' fsck
rm "$f"
expect 6 'missing' fsck
expect 6 'missing|integrity' backup "$tmp/copy2.db"
[ ! -e "$tmp/copy2.db" ] || fault "a backup without its batches was left"
printf X | dd of="$(ls "$tmp/copy.db.batches"/* | grep -v quarantine | head -1)" conv=notrunc status=none
expect 6 'not what its batch says' restore "$tmp/copy.db" --force
db=$keep

# ---- jobs
expect 0 'no jobs' job list
expect 2 'usage' job
expect 3 'no job 1' job attach 1
expect 2 'standard input' stats import - --job
expect 1 'records  5,000' stats check "$tmp/b.csv" --job
expect 0 'finished' job list
id=$(out job list | tail -1 | cut -d' ' -f1)
expect 0 'records  5,000' job output "$id"
expect 3 'cannot read' stats import "$tmp/none.csv" --job
expect 0 'failed.*cannot read' job list
expect 5 'not running' job stop "$id"

rm -f "$tmp/err" # the shell below makes it anew; what the last one said must not be read
"$fumao" stats import "$tmp/big.csv" --job --threads 1 --store "sqlite:$db" --lang en >"$tmp/out" 2>"$tmp/err" &
follower=$!
until id=$(sed -n 's/^job //p' "$tmp/err" 2>/dev/null) && [ -n "$id" ]; do sleep 0.02; done
kill -INT "$follower"
wait "$follower"
same "$?" 0 "letting go"
grep -q "goes on: fumao job attach $id" "$tmp/err" || fault "letting go says not how to come back"
expect 0 'running' job list
until grep -Eq '"bytes":[1-9]' "$db.jobs/$id.json"; do sleep 0.02; done # it has begun
expect 75 'taking declarations in' stats import "$tmp/b.csv"
out job stop "$id"
expect 75 'stopped as asked' job attach "$id"
expect 0 "$id  import +stopped" job list
same "$(out stats batches | wc -l)" 3 "batches after a stop"

rm -f "$tmp/err" # the shell below makes it anew; what the last one said must not be read
"$fumao" stats import "$tmp/big.csv" --job --threads 1 --store "sqlite:$db" --lang en >"$tmp/out" 2>"$tmp/err" &
follower=$!
until id=$(sed -n 's/^job //p' "$tmp/err" 2>/dev/null) && [ -n "$id" ]; do sleep 0.02; done
until grep -Eq '"bytes":[1-9]' "$db.jobs/$id.json"; do sleep 0.02; done # it has begun
kill -9 "$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$db.jobs/$id.json")"
wait "$follower"
broken=$?
[ "$broken" -ge 2 ] || fault "following a broken job ends well"
checks=$((checks + 1))
expect 0 "$id  import +broken" job list
expect 0 'records  3,000,000' stats import "$tmp/big.csv" --job
expect 0 '^batches +4 files' fsck
[ "$(ls "$db.batches" | grep -c part)" = 0 ] || fault "leftovers stay"

# ---- pages
port=0
"$fumao" serve --listen 127.0.0.1:0 --jobs --store "sqlite:$db" --lang en 2>"$tmp/serve" &
server=$!
for _ in $(seq 100); do
    port=$(sed -n 's#.*127.0.0.1:\([0-9]*\)/.*#\1#p' "$tmp/serve")
    [ -n "$port" ] && break
    sleep 0.1
done
get() { curl -s "http://127.0.0.1:$port$1"; }
checks=$((checks + 4))
get /jobs?lang=en | grep -q "$id" || fault "/jobs has not the job"
get "/jobs/$id?lang=en" | grep -q 'broken' || fault "/jobs/ID says not what it is"
get "/jobs/$id.json" | grep -q '"state":"broken"' || fault "/jobs/ID.json"
get /jobs.json | grep -Eq "csv|cannot|$tmp" && fault "/jobs.json says more than it may"
kill "$server"
wait "$server"
rm -f "$tmp/serve"
"$fumao" serve --listen 127.0.0.1:0 --store "sqlite:$db" --lang en 2>"$tmp/serve" &
server=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's#.*127.0.0.1:\([0-9]*\)/.*#\1#p' "$tmp/serve")
    [ -n "$port" ] && break
    sleep 0.1
done
same "$(curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$port/jobs")" 404 "jobs without --jobs"
kill "$server"
wait "$server"
server=

finish
