#!/usr/bin/env bash
# The separate verifier: true files of trees of many sizes are accepted, and nothing else is. The
# files are made by test/verify_fixture.c. Also: it stays one file of at most 400 lines that takes
# nothing from src/, the line at its top builds it, and the result needs no library.
set -u
cd "$(dirname "$0")/.." || exit 1
verify=${FUMAO_VERIFY:-build/verify/fumao-verify}
fixture=${FUMAO_VERIFY_FIXTURE:-build/test/verify_fixture}
source=verify/verify.c
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
name=log.test/fumao
key=$("$fixture" key $name 1) || exit 1
other=$("$fixture" key $name 2)
checks=0
failed=0

fault() {
    echo "FAIL: $*"
    failed=$((failed + 1))
}
verdict() { # STATUS LAST NAME ARGS...: the status and the last line it must give
    local status=$1 last=$2 what=$3 got out
    shift 3
    checks=$((checks + 1))
    out=$("$verify" "$@" 2>&1)
    got=$?
    if [ "$got" != "$status" ] || [ "$(tail -n 1 <<<"$out")" != "$last" ]; then
        fault "$what: $got instead of $status $last"
        head -c 1000 <<<"$out"
    fi
}
accepts() { # NAME ARGS...
    verdict 0 OK "$@"
}
refuses() { # PART NAME ARGS...
    verdict 1 "FAILED: $1" "${@:2}"
}
edit() { # PART NAME SED...: a changed copy of $tmp/a must be refused for that part
    sed "${@:3}" "$tmp/a" >"$tmp/b"
    cmp -s "$tmp/a" "$tmp/b" && fault "$2: the edit changes nothing"
    refuses "$1" "$2" "$tmp/b" "$key"
}
put() { # NAME FORMAT: an additional member, which must not matter
    { printf "{$2,"; tail -c +2 "$tmp/a"; } >"$tmp/b"
    accepts "$1" "$tmp/b" "$key"
}
put_bad() { # NAME FORMAT: an additional member, for which the file must be refused
    { printf "{$2,"; tail -c +2 "$tmp/a"; } >"$tmp/b"
    refuses "${3:-format}" "$1" "$tmp/b" "$key"
}
note() { # NAME: what stands in $tmp/text as a note signed by the key
    "$fixture" sign $name 1 <"$tmp/text" >"$tmp/note"
}

# ---- the source
lines=$(wc -l <$source)
echo "$source: $lines lines"
[ "$lines" -le 400 ] || fault "$source has more than 400 lines"
LC_ALL=C.UTF-8 grep -nE '^.{101,}' $source && fault "$source has lines of more than 100 columns"
grep -n '#include "' $source && fault "$source includes a file of the project"
${CC:-cc} -std=gnu17 -O2 -static -o "$tmp/by-hand" $source -lcrypto 2>"$tmp/log" ||
    fault "the line at the top of $source does not build it: $(cat "$tmp/log")"
${CC:-cc} -std=gnu17 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
    -o "$tmp/sanitized" $source -lcrypto || fault "no sanitized build"
readelf -l "$verify" | grep -q INTERP && fault "$verify is not static"

# ---- true files
for size in 1 2 3 7 8 255 256 257 1000; do
    for index in 0 1 2 $((size / 2 - 1)) $((size / 2)) $((size / 2 + 1)) 254 255 256 511 512 \
        $((size - 2)) $((size - 1)); do
        [ "$index" -ge 0 ] && [ "$index" -lt "$size" ] || continue
        "$fixture" answer $size $index >"$tmp/a"
        accepts "entry $index of $size" "$tmp/a" "$key"
    done
done
for size in $(seq 20); do
    for index in $(seq 0 $((size - 1))); do
        "$fixture" answer "$size" "$index" >"$tmp/a"
        accepts "entry $index of $size" "$tmp/a" "$key"
    done
done
for length in $(seq 0 200); do # every place of the end of a SHA-256 block
    "$fixture" answer 1 0 "$length" >"$tmp/a"
    accepts "an entry of $length bytes" "$tmp/a" "$key"
done
"$fixture" answer 7 3 >"$tmp/a"
"$tmp/by-hand" "$tmp/a" "$key" >/dev/null || fault "built by hand: refuses a true file"
"$verify" "$tmp/a" "$key" | grep -qF '条目 / entry：{"at":1790000003,"kind":"answer",' ||
    fault "the entry is not shown"
"$fixture" answer 7 4 >"$tmp/a"
"$verify" "$tmp/a" "$key" | grep -qF '}\x0a\x09\x01\xe2\x80\xae' ||
    fault "characters that hide text are shown as they are"

# ---- changed files
"$fixture" answer 7 3 >"$tmp/a"
echo "$key" >"$tmp/key"
accepts "the key in a file" "$tmp/a" "$tmp/key"
refuses signature "another key of the same name" "$tmp/a" "$other"
refuses signature "the same key under another name" "$tmp/a" "$("$fixture" key x 1)"
refuses key "a key with a wrong id" "$tmp/a" "${key/+/+0}"
refuses key "a key with a wrong id (2)" "$tmp/a" "$(sed 's/+0/+1/' <<<"$key")"
refuses key "a key of another algorithm" "$tmp/a" "$("$fixture" key $name 1 2)"
refuses base64 "two keys in a file" "$tmp/a" <(printf '%s\n%s\n' "$key" "$key")
edit size "another size" 's/"size": 7/"size": 8/'
edit proof "another index" 's/"index": 3/"index": 2/'
edit index "an index beyond the log" 's/"index": 3/"index": 7/'
edit index "an enormous index" 's/"index": 3/"index": 999999999999999999/'
edit number "an index beyond 18 digits" 's/"index": 3/"index": 18446744073709551619/'
edit number "an index with a leading zero" 's/"index": 3/"index": 03/'
edit number "a negative index" 's/"index": 3/"index": -3/'
edit number "an index in quotes" 's/"index": 3/"index": "3"/'
edit format "an index with a fraction" 's/"index": 3/"index": 3.0/'
edit format "an index with an exponent" 's/"index": 3/"index": 3e0/'
edit proof "another entry" 's/7231/7232/'
edit proof "an entry with a byte more" 's/"entry": "/&\\u0000/'
edit proof "a proof too short at the end" -e '8s/,$//' -e 9d
edit proof "a proof too short at the beginning" 7d
edit proof "no proof" 7,9d
edit proof "a proof too long at the beginning" '7{p}'
edit proof "a proof too long at the end" '9{h;s/$/,/;p;x}'
edit proof "two hashes swapped" '7{h;d};8{G}'
for count in 64 65; do # the limit: 64 are read (and lead nowhere), 65 are not
    awk -v n=$count 'NR == 7 { for (i = 3; i < n; i++) print } 1' "$tmp/a" >"$tmp/b"
    refuses proof "$count hashes" "$tmp/b" "$key"
    "$verify" "$tmp/b" "$key" | grep -q '证明过长' && long=65 || long=64
    [ $long = $count ] || fault "$count hashes: wrong reason"
done
edit proof "a hash of 31 bytes" '7s/".*"/"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="/'
edit base64 "a hash of 33 bytes" '7s/".*"/"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"/'
edit base64 "a hash with bits left over" '7s/=/B=/;7s/.B=/B=/'
edit base64 "a hash without padding" '7s/=//'
edit base64 "a hash in base64url" '8s,/,_,g'
edit signature "another size in the checkpoint" 's/fumao\\n7/fumao\\n8/'
edit format "version 2" 's/"fumao": 1/"fumao": 2/'
for member in fumao index size entry checkpoint; do
    edit format "no $member" "/\"$member\":/d"
    edit format "$member twice" "/\"$member\":/{p}"
done
edit format "no proof member" 6,10d
edit format "key twice" '/"key":/{h;s/$/,/;p;x}'
edit format "entry twice, spelt with an escape" '/"entry":/{p;s/entry/\\u0065ntry/}'
edit format "something after the end" '$s/$/ x/'
edit format "a comma before the end" '/"key":/s/$/,/'
edit format "no comma" '/"index":/s/,//'
edit format "an array" -e '1s/{/[/' -e '$s/}/]/'
edit format "a byte order mark" '1s/^/\xef\xbb\xbf/'
put "a deep member" "\"x\": $(printf '%0100000d' 0 | tr 0 '[')$(printf '%0100000d' 0 | tr 0 ']')"
put "escapes of all kinds" '"x": "\\"\\\\\\/\\b\\f\\n\\r\\t\\u4e2d\\ud83d\\ude00"'
put_bad "an escape that is none" '"x": "\\x"'
put_bad "an escape cut short" '"x": "\\u12"'
put_bad "the first half of a pair" '"x": "\\ud83d"'
put_bad "the first half twice" '"x": "\\ud83d\\ud83d"'
put_bad "the second half of a pair" '"x": "\\ude00"'
put_bad "a control character" '"x": "\x01"'
put_bad "a member without a value" '"x": '
put_bad "a bracket too many" '"x": []]'
put_bad "a bracket too few" '"x": [[]'
put_bad "a stray word" '"x": maybe'
for bytes in '\xff' '\xc0\xaf' '\xe0\x80\xaf' '\xf0\x80\x80\xaf' '\xed\xa0\x80' '\xf4\x90\x80\x80' \
    '\xf5\x80\x80\x80' '\x80' '\xe4\xb8' '\xe4\xb8\xff'; do
    put_bad "not UTF-8: $bytes" "\"x\": \"$bytes\"" utf-8
done
{ cat "$tmp/a"; printf '\0'; } >"$tmp/b"
refuses utf-8 "a NUL at the end" "$tmp/b" "$key"
{ head -c -2 "$tmp/a"; printf '\xe4'; } >"$tmp/b"
refuses utf-8 "a character cut off by the end" "$tmp/b" "$key"
{ cat "$tmp/a"; head -c $((1048576 - $(wc -c <"$tmp/a"))) /dev/zero | tr '\0' ' '; } >"$tmp/b"
accepts "a file of 1 MiB" "$tmp/b" "$key"
echo >>"$tmp/b"
refuses limit "a file of 1 MiB and a byte" "$tmp/b" "$key"
# A size that is not the tree's, but signed: the path of 3 in 4 leaves is too short in 8.
printf '%s\n8\n%s\n' $name "$("$fixture" note 4 $name 1 | sed -n 3p)" |
    "$fixture" sign $name 1 | sed ':a;N;$!ba;s/\n/\\n/g' >"$tmp/line"
"$fixture" answer 4 3 | sed -e 's/"size": 4/"size": 8/' \
    -e "s|\"checkpoint\": .*|\"checkpoint\": \"$(sed 's/\\/&&/g' "$tmp/line")\\\\n\",|" >"$tmp/b"
grep -q '"checkpoint": "log.test/fumao\\n8\\n' "$tmp/b" || fault "the lying checkpoint is not there"
refuses proof "a path that ends below the root" "$tmp/b" "$key"
: >"$tmp/b"
refuses format "an empty file" "$tmp/b" "$key"
accepts "the file's own key" "$tmp/a" --trust-file-key
"$verify" "$tmp/a" --trust-file-key | grep -q '警告.*WARNING' || fault "no warning of the file's key"
sed -e '/"key":/d' -e '/"answer":/s/,$//' "$tmp/a" >"$tmp/b"
accepts "no key in the file" "$tmp/b" "$key"
refuses key "no key in the file, and it is asked for" "$tmp/b" --trust-file-key
sed "s|\"key\": .*|\"key\": \"$other\"|" "$tmp/a" >"$tmp/b"
accepts "another key in the file" "$tmp/b" "$key"
refuses signature "another key in the file, and it is asked for" "$tmp/b" --trust-file-key

# ---- checkpoints
root=$("$fixture" note 7 $name 1 | sed -n 3p)
good="$name\n7\n$root\n"
checkpoint() { # PART NAME TEXT: TEXT signed by the key; PART OK: it must be accepted
    printf "$3" >"$tmp/text"
    note
    if [ "$1" = OK ]; then
        accepts "$2" --checkpoint "$tmp/note" "$key"
    else
        refuses "$1" "$2" --checkpoint "$tmp/note" "$key"
    fi
}
checkpoint OK "a checkpoint" "$good"
checkpoint OK "an extension line" "${good}sm3 $root\n"
checkpoint OK "an empty log" "$name\n0\n$root\n"
checkpoint checkpoint "an empty extension line" "$good\nx\n"
checkpoint checkpoint "no root" "$name\n7\n"
checkpoint checkpoint "an empty origin" "\n7\n$root\n"
checkpoint number "a size with a leading zero" "$name\n07\n$root\n"
checkpoint number "a size with a sign" "$name\n+7\n$root\n"
checkpoint number "no size" "$name\n\n$root\n"
checkpoint checkpoint "a root of 30 bytes" "$name\n7\n${root:0:40}\n"
checkpoint checkpoint "a control character" "$good\x01\n"
checkpoint checkpoint "a carriage return" "$name\r\n7\n$root\n"
checkpoint checkpoint "a signature line within the text" "$good\n— $name AAAAAAA=\n"
printf "$good" >"$tmp/text"
note
cp "$tmp/note" "$tmp/good"
line=$(tail -n 1 "$tmp/good")
elsewhere=$("$fixture" note 7 $name 2 | tail -n 1)
{ cat "$tmp/good"; echo "$elsewhere"; echo "— w.test/witness $(printf '%0400d' 0)"; } >"$tmp/note"
accepts "signatures of others" --checkpoint "$tmp/note" "$key"
sed "s/^— $(sed 's,[.],\\.,g;s,/,\\/,g' <<<$name)/— other.test/" "$tmp/good" >"$tmp/note"
refuses signature "a signature with this id, but another name" --checkpoint "$tmp/note" "$key"
{ cat "$tmp/text"; echo; echo "$elsewhere"; } >"$tmp/note"
refuses signature "only signatures of others" --checkpoint "$tmp/note" "$key"
bad=$("$fixture" note 8 $name 1 | tail -n 1)
{ cat "$tmp/good"; echo "$bad"; } >"$tmp/note"
refuses signature "a second signature, of another text" --checkpoint "$tmp/note" "$key"
{ cat "$tmp/good"; echo "— $name ${line##* }=" | sed 's/.\{8\}=$//'; } >"$tmp/note"
refuses signature "a second signature, too short" --checkpoint "$tmp/note" "$key"
for broken in "- $name ${line##* }" "— $name" "— ${line##* }" "— $name  ${line##* }" "—  AAAAAAA=" \
    "x" "" "— $name AAAA"; do
    { cat "$tmp/good"; echo "$broken"; } >"$tmp/note"
    checks=$((checks + 1))
    "$verify" --checkpoint "$tmp/note" "$key" | tail -n 1 | grep -q '^FAILED: ' ||
        fault "a malformed signature line is accepted: $broken"
done
head -c -1 "$tmp/good" >"$tmp/note"
refuses checkpoint "a checkpoint cut by a byte" --checkpoint "$tmp/note" "$key"
sed 's/^7$/8/' "$tmp/good" >"$tmp/note"
refuses signature "another size in a signed checkpoint" --checkpoint "$tmp/note" "$key"
refuses checkpoint "a checkpoint without signatures" --checkpoint "$tmp/text" "$key"
# From outside: a head of the public log sum.golang.org, whose key is part of every Go compiler.
printf '%s\n' 'go.sum database tree' 15368405 '/g9am3I6YWNKaZX/jkne1fqd9zEyjss+JXyPXG0WfkY=' '' \
    '— sum.golang.org Az3grqJGUaSGukG9p8nI2vKgiFn7qGHxn0W+mrwyI6Gz3F0t1J3LzmWk/p96Ybf295EjwdSwlzgijq5WA9d1Ded7owM=' \
    >"$tmp/note"
accepts "a checkpoint of sum.golang.org" --checkpoint "$tmp/note" \
    sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8

# ---- consistency
sizes="$(seq 17) 255 256 257 1000"
for size in $sizes; do
    "$fixture" note "$size" $name 1 >"$tmp/note-$size"
done
for old in $sizes; do
    for new in $sizes; do
        [ "$old" -le "$new" ] || continue
        "$fixture" proof "$old" "$new" >"$tmp/proof"
        accepts "$old to $new" --consistency "$tmp/note-$old" "$tmp/note-$new" "$tmp/proof" "$key"
        { cat "$tmp/proof"; echo "$root"; } >"$tmp/long"
        refuses proof "$old to $new, too long" \
            --consistency "$tmp/note-$old" "$tmp/note-$new" "$tmp/long" "$key"
        [ -s "$tmp/proof" ] || continue
        sed '$d' "$tmp/proof" >"$tmp/short"
        refuses proof "$old to $new, too short" \
            --consistency "$tmp/note-$old" "$tmp/note-$new" "$tmp/short" "$key"
        sed '1s/.*/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=/' "$tmp/proof" >"$tmp/changed"
        refuses proof "$old to $new, a hash changed" \
            --consistency "$tmp/note-$old" "$tmp/note-$new" "$tmp/changed" "$key"
    done
done
"$fixture" proof 7 16 >"$tmp/proof"
refuses size "new and old swapped" --consistency "$tmp/note-16" "$tmp/note-7" "$tmp/proof" "$key"
refuses signature "another key" --consistency "$tmp/note-7" "$tmp/note-16" "$tmp/proof" "$other"
refuses proof "the proof of another size" \
    --consistency "$tmp/note-6" "$tmp/note-16" "$tmp/proof" "$key"
printf "$name\n7\n$(sed -n 3p "$tmp/note-8")\n" >"$tmp/text"
note
refuses proof "a rewritten past" --consistency "$tmp/note" "$tmp/note-16" "$tmp/proof" "$key"
: >"$tmp/long"
refuses proof "two roots of one size" --consistency "$tmp/note" "$tmp/note-7" "$tmp/long" "$key"
printf "elsewhere.test\n7\n$root\n" >"$tmp/text"
note
refuses origin "checkpoints of two logs" \
    --consistency "$tmp/note" "$tmp/note-16" "$tmp/proof" "$key"
refuses size "an empty old log" \
    --consistency <("$fixture" note 0 $name 1) "$tmp/note-16" "$tmp/long" "$key"
{ cat "$tmp/proof"; printf x; } >"$tmp/long"
refuses proof "a proof with something after it" \
    --consistency "$tmp/note-7" "$tmp/note-16" "$tmp/long" "$key"
head -c -1 "$tmp/proof" >"$tmp/short"
refuses proof "a proof cut by a byte" \
    --consistency "$tmp/note-7" "$tmp/note-16" "$tmp/short" "$key"

# ---- no verdict
statuses() { # STATUS NAME ARGS...
    checks=$((checks + 1))
    "$verify" "${@:3}" >"$tmp/log" 2>&1
    local got=$?
    [ $got = "$1" ] && ! grep -q '^OK' "$tmp/log" || fault "$2: status $got instead of $1"
}
statuses 2 "no arguments"
statuses 2 "an unknown option" --check "$tmp/a" "$key"
statuses 2 "an argument too many" "$tmp/a" "$key" x
statuses 2 "a file that is not there" "$tmp/none" "$key"
statuses 2 "a directory" "$tmp" "$key"
statuses 2 "a key that is not there" "$tmp/a" "$tmp/none"
"$verify" "$tmp/a" "$key" >/dev/full 2>&1
[ $? = 2 ] || fault "an OK that could not be written: status other than 2"
printf '%s\n' 'openssl_conf = a' '[a]' 'providers = b' '[b]' 'null = c' '[c]' 'activate = 1' \
    >"$tmp/openssl.cnf" # a library that can do nothing
OPENSSL_CONF=$tmp/openssl.cnf OPENSSL_MODULES=$tmp "$verify" "$tmp/a" "$key" >/dev/null ||
    fault "the environment changes the verdict"

# ---- a file that fumao itself made, with content
if [ -x "${FUMAO:-build/fumao}" ]; then
    ("${FUMAO:-build/fumao}" check 5829 --mode 1 --from DE --to CN-SH --store "sqlite:$tmp/kept.db" \
        --keep --out "$tmp/kept.fumao") >/dev/null 2>&1 || fault "fumao check --keep"
    made=$(sed -n 's/^ *"key": "\(.*\)",$/\1/p' "$tmp/kept.fumao")
    accepts "a kept answer" "$tmp/kept.fumao" "$made"
    cp "$tmp/kept.fumao" "$tmp/a"
    sed -i 's/\\"outcome\\":\\"prohibited\\"/\\"outcome\\":\\"equal\\"/' "$tmp/a"
    cmp -s "$tmp/a" "$tmp/kept.fumao" && fault "the content was not changed"
    refuses content "a kept answer with another outcome" "$tmp/a" "$made"
fi

# ---- every byte changed, every truncation; then again with sanitizers
"$fixture" answer 7 3 >"$tmp/a"
"$fixture" damage "$verify" "$tmp/a" "$key" 0102040810204080 "$tmp/b" || fault "damage"
"$fixture" answer 2 0 >"$tmp/a"
ASAN_OPTIONS=detect_leaks=0:abort_on_error=1:halt_on_error=1 \
    UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1 \
    "$fixture" damage "$tmp/sanitized" "$tmp/a" "$key" 20 "$tmp/b" || fault "damage, sanitized"

echo "verify: $checks checks, $failed failed"
[ $failed = 0 ]
