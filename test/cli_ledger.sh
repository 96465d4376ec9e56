#!/usr/bin/env bash
# The verbs of the log as a contract, and an administrator with the store in his hands: each attack
# on its own copy of a store, each to be found. Needs sqlite3.
set -u
cd "$(dirname "$0")/.."
fumao=$(realpath "${FUMAO:-build/fumao}")
verifier=${FUMAO_VERIFY:-$(dirname "$fumao")/verify/fumao-verify}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
. test/lib.sh

copy() { # NAME: db becomes a copy of the sound store, with its key
    db=$tmp/$1.db
    cp "$tmp/sound" "$db"
    cp "$tmp/store.db.key" "$db.key"
}
attack() { # NAME PATTERN SQL: verify and fsck must find it
    copy "$1"
    sqlite3 "$db" "DROP TRIGGER entry_stays; DROP TRIGGER entry_not_deleted;
        DROP TRIGGER checkpoint_stays; DROP TRIGGER checkpoint_not_deleted; $3" ||
        fault "$1: the SQL does not run"
    expect 6 "$2" ledger verify
    expect 6 "$2" fsck
    db=$tmp/store.db
}

# ---- nothing there yet
expect 3 'not-found' ledger verify
expect 3 'not-found' fsck
expect 3 'not-found' backup "$tmp/none"
[ ! -e "$db" ] || fault "a verb that only reads has made a store"

# ---- a sound store
expect 0 'all well' doctor
expect 0 '\(0600\)' doctor
expect 0 '^OK' ledger verify
expect 0 'editions +[1-9][0-9]*, as the log tells them' fsck
expect 0 '"ok": true' ledger verify -o json
expect 0 '"trusted": "key-file"' ledger verify -o json
expect 0 '"faults": 0' fsck -o json
expect 2 'no verb ledger verfy' ledger verfy
expect 2 'usage' ledger prove
expect 2 'no option --sise' ledger prove 1 --sise 3
expect 2 'not a number of entries' ledger prove -1
expect 3 'no entry 999999' ledger prove 999999
expect 3 'no checkpoint of size 2' ledger prove 0 --size 2
expect 0 '^fumao/[0-9a-f]{16}\+[0-9a-f]{8}\+' ledger key
expect 0 '"kind":"edition"' ledger log -o json
expect 0 ' key  ' ledger log --kind key
[ "$(out ledger log --kind edition | wc -l)" -gt 20 ] || fault "ledger log lists too little"
[ "$(out ledger log --from 3 | head -1 | awk '{print $1}')" = 3 ] || fault "--from"
key=$(out ledger key)
size=$(out ledger checkpoint | sed -n 2p)
[ "$size" -gt 20 ] || fault "no checkpoint of all entries"

# ---- one entry as a file, checked with and without the store, and by the separate verifier
out ledger prove 5 >"$tmp/5.fumao"
expect 0 'the log of this store' ledger verify "$tmp/5.fumao"
expect 0 '^OK' ledger verify "$tmp/5.fumao" --key "$key"
echo "$key" >"$tmp/key"
expect 0 'the key given' ledger verify "$tmp/5.fumao" --key "$tmp/key"
"$verifier" "$tmp/5.fumao" "$key" >/dev/null || fault "fumao-verify refuses ledger prove"
db=$tmp/elsewhere.db
expect 0 'it proves nothing' ledger verify "$tmp/5.fumao"
expect 0 'must be learnt elsewhere' ledger verify "$tmp/5.fumao"
expect 0 '"trusted": "file"' ledger verify "$tmp/5.fumao" -o json
other=$(out ledger key)
expect 6 'no signature by key' ledger verify "$tmp/5.fumao" --key "$other"
db=$tmp/store.db
sed 's/"shipped\\":true/"shipped\\":truE/' "$tmp/5.fumao" >"$tmp/bad.fumao"
cmp -s "$tmp/5.fumao" "$tmp/bad.fumao" && fault "the edit changes nothing"
expect 6 'inclusion proof does not hold' ledger verify "$tmp/bad.fumao"
expect 2 'not valid JSON' ledger verify "$tmp/key"

# ---- growth: the consistency proof as the separate verifier reads it
out ledger checkpoint >"$tmp/note.old"
sqlite3 "$db" "SELECT note FROM checkpoint WHERE size=1" | head -n -1 >"$tmp/note.1"
out ledger prove --from 1 --to "$size" >"$tmp/proof"
"$verifier" --consistency "$tmp/note.1" "$tmp/note.old" "$tmp/proof" "$key" >/dev/null ||
    fault "fumao-verify refuses ledger prove --from --to"

# ---- an answer that was kept
expect 0 'kept|\.fumao' check 7297 --mode 1 --from SG --to CN-SH --keep --out "$tmp/answer.fumao"
expect 0 '^OK' ledger verify "$tmp/answer.fumao"
expect 0 'gives the same answer' ledger verify "$tmp/answer.fumao"
expect 0 '"holds": true' ledger verify "$tmp/answer.fumao" -o json
sed 's/prohibited/permitted/' "$tmp/answer.fumao" >"$tmp/bad.fumao"
cmp -s "$tmp/answer.fumao" "$tmp/bad.fumao" && fault "the edit changes nothing"
expect 6 'integrity' ledger verify "$tmp/bad.fumao"
# Beside the edition files alone: those it was decided by, and one that says something else.
mkdir "$tmp/editions" "$tmp/others"
cp data/instruments/cn-national-2024.json "$tmp/editions/"
sed 's/"customs-declaration"/"customs-declarations"/' data/instruments/cn-national-2024.json \
    >"$tmp/others/cn-national-2024.json"
expect 0 'gives the same answer' ledger verify "$tmp/answer.fumao" --editions "$tmp/editions"
expect 6 'not at hand: edition cn-national-2024' ledger verify "$tmp/answer.fumao" --editions "$tmp/others"
expect 3 'cannot be opened' ledger verify "$tmp/answer.fumao" --editions "$tmp/nowhere"
# A name that is taken keeps nothing: the log would have an answer that nobody was given.
expect 5 'conflict' check 7297 --mode 1 --from SG --to CN-SH --keep --out "$tmp/answer.fumao"
expect 0 'kept +1, as the log commits to them \(1 on the log\)' fsck
out ledger checkpoint >"$tmp/note.old"
size=$(sed -n 2p "$tmp/note.old")

expect 0 '\+[0-9a-f]{8}\+' ledger witness --make-key --key "$tmp/w.key"
expect 5 'not overwritten' ledger witness --make-key --key "$tmp/w.key"
[ "$(stat -c %a "$tmp/w.key")" = 600 ] || fault "the witness key has another mode"
expect 3 '--log-key LINE' ledger witness --key "$tmp/w.key" --state "$tmp/w"
expect 0 '^— witness/' ledger witness --key "$tmp/w.key" --state "$tmp/w" --log-key "$key"
grep -q "^size $size\$" "$tmp/w" || fault "the witness remembers another size"
(echo 'SELECT count(*) FROM entry;'; sleep 12) | sqlite3 "$db" >"$tmp/open" & # a program that runs on
other=$!
until [ -s "$tmp/open" ]; do sleep 0.1; done
expect 75 'another program has the store' ledger key rotate --kind sm2
expect 75 'another program has the store' restore "$db" --force
wait "$other"
out ledger key rotate --kind sm2 >"$tmp/key2"
expect 0 '"kind": "sm2"' ledger key -o json
expect 0 'key changes  1' ledger verify --key "$key"
expect 0 '^OK' ledger verify
out ledger key rotate >"$tmp/key3"
out ledger checkpoint >"$tmp/note.new"
new=$(sed -n 2p "$tmp/note.new")
[ "$new" = $((size + 2)) ] || fault "two changes of key are not two entries"
out ledger prove --from "$size" --to "$new" >"$tmp/proof"
[ -s "$tmp/proof" ] || fault "no consistency proof"
expect 0 '"proof"' ledger prove --from 1 --to "$new" -o json
expect 3 'no entry' ledger prove --from 1 --to 99999
expect 0 '^— witness/' ledger witness --key "$tmp/w.key" --state "$tmp/w"
grep -q "^size $new\$" "$tmp/w" || fault "the witness did not follow the change of key"
expect 0 'key changes  2' ledger verify --witness "$tmp/w" --key "$key"
expect 0 'what it saw is in the log' ledger verify --witness "$tmp/w"
expect 0 '"witness": "holds"' ledger verify --witness "$tmp/w" -o json

# ---- backup and restore
expect 0 'The key is NOT in it' backup "$tmp/backup"
expect 5 'not overwritten' backup "$tmp/backup"
[ ! -e "$tmp/backup.part" ] || fault "a half backup was left"
[ "$(stat -c %a "$tmp/backup")" = 600 ] || fault "the backup can be read by others"
cp "$tmp/backup" "$tmp/sound"
expect 5 'there is a store' restore "$tmp/backup"
expect 3 'no store' restore "$tmp/nothing" --force
db=$tmp/back.db
cp "$tmp/store.db.key" "$db.key"
expect 0 'entry [0-9]+ of the log says so' restore "$tmp/backup" --witness "$tmp/w"
expect 0 '^OK' fsck
expect 0 '"from":'"$new"',"kind":"restore"' ledger log --kind restore
expect 0 'all well' doctor
expect 0 '^— witness/' ledger witness --key "$tmp/w.key" --state "$tmp/w"
# The store that goes on without that entry is now a fork, and the backup an old one.
db=$tmp/store.db
expect 6 'not signed: seen were' ledger witness --key "$tmp/w.key" --state "$tmp/w"
expect 6 'the witness saw' ledger verify --witness "$tmp/w"
db=$tmp/again.db
cp "$tmp/store.db.key" "$db.key"
expect 6 'the backup is older' restore "$tmp/backup" --witness "$tmp/w"
[ ! -e "$db" ] || fault "a refused restore has made a store"
expect 0 '1 entries that were signed after the backup' restore "$tmp/backup" --witness "$tmp/w" --force
expect 0 '"witness":'$((new + 1)) ledger log --kind restore
db=$tmp/nokey.db
expect 0 'There is no key file' restore "$tmp/backup"
expect 1 'the key file is missing' doctor
expect 6 'no signed checkpoint covers' ledger verify
cp "$tmp/store.db.key" "$db.key"
expect 0 "^$((new + 1))\$" ledger checkpoint
expect 0 '^OK' ledger verify
chmod 644 "$db.key"
expect 1 '\(0644\)' doctor
db=$tmp/back.db
cp "$db" "$tmp/kept-aside"
expect 0 'is now .*back.db.old-' restore "$tmp/backup" --force
[ "$(find "$tmp" -name 'back.db.old-*' | wc -l)" -ge 1 ] || fault "the replaced store is gone"
cp "$tmp/store.db.key.old" "$tmp/wrong.db.key"
db=$tmp/wrong.db
expect 5 'is not the key of the log in the backup' restore "$tmp/backup"
db=$tmp/hurt.db
cp "$tmp/store.db.key" "$db.key"
cp "$tmp/sound" "$tmp/hurt"
sqlite3 "$tmp/hurt" "UPDATE instrument SET text=replace(text,'conditional','prohibited') WHERE seq=3;
    UPDATE instrument SET text=text||' ' WHERE seq=3"
expect 6 'the store is not what the log says' restore "$tmp/hurt"
head -c 100000 "$tmp/sound" >"$tmp/cut"
expect 6 'integrity' restore "$tmp/cut"
[ ! -e "$db" ] || fault "a damaged backup was restored"

# ---- attacks; the sound copy has its last checkpoint at $new
db=$tmp/store.db
attack changed 'signed' "UPDATE entry SET leaf=replace(leaf,'edition','editioN') WHERE seq=7"
attack deleted 'entry 7 is missing' "DELETE FROM entry WHERE seq=7"
attack closed 'signed' "DELETE FROM entry WHERE seq=7; UPDATE entry SET seq=seq-1 WHERE seq>7"
attack swapped 'signed' "UPDATE entry SET seq=-1 WHERE seq=7; UPDATE entry SET seq=7 WHERE seq=8;
    UPDATE entry SET seq=8 WHERE seq=-1"
attack cut 'signed checkpoint' "DELETE FROM entry WHERE seq>=12"
attack cut-deeper 'no signed checkpoint covers' \
    "DELETE FROM entry WHERE seq>=12; DELETE FROM checkpoint WHERE size>12"
attack inserted 'signed' "UPDATE entry SET seq=-seq-1 WHERE seq>=7; UPDATE entry SET seq=-seq WHERE seq<0;
    INSERT INTO entry VALUES(7,'{}')"
attack appended 'no signed checkpoint covers' "INSERT INTO entry SELECT max(seq)+1,'{}' FROM entry"
attack note 'checkpoint' "UPDATE checkpoint SET note=replace(note,char(10)||'$new','0') WHERE size=$new"
attack moved 'signed checkpoint' "UPDATE checkpoint SET size=size+5 WHERE size=$new"
attack all-notes 'no signed checkpoint covers' "DELETE FROM checkpoint"
copy text
sqlite3 "$db" "UPDATE instrument SET text=text||' ' WHERE seq=3"
expect 0 '^OK' ledger verify
expect 6 'the store is not what the log says' fsck
copy answer
sqlite3 "$db" "DROP TRIGGER kept_stays; UPDATE kept SET content=replace(content,'prohibited','permitted')"
expect 0 '^OK' ledger verify
expect 6 'its content is not what entry [0-9]+ commits to' fsck
copy pages
printf 'XXXXXXXXXXXXXXXX' | dd of="$db" bs=1 seek=8192 conv=notrunc status=none
expect 6 'integrity' fsck
# Back to a checkpoint of its own past: only a witness can tell.
copy past
sqlite3 "$db" "DROP TRIGGER entry_not_deleted; DROP TRIGGER checkpoint_not_deleted;
    DELETE FROM checkpoint WHERE size>$size; DELETE FROM entry WHERE seq>=$size"
cp "$tmp/store.db.key" "$tmp/k3"
rm "$db.key" # the key of then is long gone
expect 0 '^OK' ledger verify
expect 6 'the witness saw' ledger verify --witness "$tmp/w"
expect 6 'not signed: seen were' ledger witness --key "$tmp/w.key" --state "$tmp/w" --log-key "$key"

finish
