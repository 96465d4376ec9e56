#!/usr/bin/env bash
# The served program on the wire: what a proxy or an attacker may send byte by byte is refused,
# what is well formed is answered, every response carries the security headers, and SIGTERM ends
# it cleanly. (test_http says the same of http.c alone; this one sees that serve uses it so.)
set -u
trap '' PIPE
cd "$(dirname "$0")/.."
fumao=${FUMAO:-build/fumao}
log=$(mktemp)
store=$(mktemp -d)
pid=
trap '[ -n "$pid" ] && kill "$pid" 2>/dev/null; rm -rf "$log" "$store"' EXIT
"$fumao" serve --listen 127.0.0.1:0 --store "sqlite:$store/s.db" 2>"$log" &
pid=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$log")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || { echo "serve did not start:"; cat "$log"; exit 1; }

faults=0
say() { # STATUS REQUEST (printf format, with \r\n and \0): sends it, compares the status
    local got
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    # shellcheck disable=SC2059
    printf "$2" | cat >&3 # one write: a refused stream may be closed before a second
    answer=$(timeout 10 cat <&3 | tr -d '\0')
    exec 3>&- 3<&-
    got=$(printf '%s' "$answer" 2>/dev/null | sed -n '1s/^HTTP\/1\.1 \([0-9]*\).*/\1/p')
    if [ "$got" != "$1" ]; then
        echo "wants $1, got '$got': $2"
        faults=$((faults + 1))
    fi
    for name in Content-Security-Policy X-Content-Type-Options Referrer-Policy \
        Permissions-Policy Cross-Origin-Opener-Policy; do
        printf '%s' "$answer" 2>/dev/null | grep -qi "^$name: " || {
            echo "no $name: $2"
            faults=$((faults + 1))
        }
    done
}
end='Host: x\r\nConnection: close\r\n\r\n'
say 200 "GET /check HTTP/1.1\r\n$end"
say 200 "HEAD /check HTTP/1.1\r\n$end"
say 404 "GET /no-such-page HTTP/1.1\r\n$end"
say 400 "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n${end}0\r\n\r\n"
say 400 "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n${end}abcd"
say 400 "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
say 400 "GET / HTTP/1.1\r\nX-A: b\0c\r\n$end"
say 400 "GET /%%zz HTTP/1.1\r\n$end"
say 400 "GET /?q=%%FF HTTP/1.1\r\n$end"
say 414 "GET /$(printf '%05000d' 0) HTTP/1.1\r\n$end"
say 405 "DELETE / HTTP/1.1\r\n$end"
say 413 "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n$end"

# What the library refuses by itself: the status is right, and what stands behind it on the
# connection is not read as another request.
refused() { # STATUS REQUEST
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    # shellcheck disable=SC2059
    printf "$2GET /style.css HTTP/1.1\r\n$end" | cat >&3
    answer=$(timeout 10 cat <&3 | tr -d '\0')
    exec 3>&- 3<&-
    if ! head -n 1 <<<"$answer" | grep -q "^HTTP/1.1 $1 " || grep -q 'HTTP/1.1 200' <<<"$answer"; then
        echo "wants $1 and no more: $2"
        faults=$((faults + 1))
    fi
}
for length in abc -1 +5 5x '5 5' ''; do
    refused 400 "POST /api/v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: $length\r\n\r\n"
done
refused 413 "POST /api/v1/decide HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n"
refused 400 "GET / HTTP/1.1\r\nHost: x\r\nnocolon\r\n\r\n"
refused 505 "GET / HTTP/9.1\r\nHost: x\r\n\r\n"
refused 400 "POST /api/v1/decide HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"

# The programs' door: a batch, lines, its own limit of bytes, and what it refuses.
batch='[{"sector":"7231","mode":1,"from":"SG","to":"CN-SH"},{"mode":9}]'
post() { # STATUS PATH TYPE BODY
    say "$1" "POST $2 HTTP/1.1\r\nContent-Type: $3\r\nContent-Length: ${#4}\r\n${end}$4"
}
wants() { # TEXT in the last answer
    printf '%s' "$answer" 2>/dev/null | grep -qF -- "$1" || {
        echo "no $1 in: $answer" | head -c 2000
        faults=$((faults + 1))
    }
}
post 200 "/api/v1/decide?form=short" application/json "$batch"
wants '"must":"equal"'
wants '"code":"usage"'
wants 'RateLimit-Limit: 5000'
wants 'Fumao-Snapshot: '
post 200 "/api/v1/decide?form=short" application/x-ndjson '{"sector":"7231","mode":1}'
wants 'Transfer-Encoding: chunked'
post 400 /api/v1/decide application/json '[{}'
for body in '' null 7 '"7231"'; do
    post 400 /api/v1/decide application/json "$body"
    wants 'the body is one question (an object) or an array of questions'
done
say 413 "POST /api/v1/decide HTTP/1.1\r\nContent-Length: 99999999\r\n$end"
wants LIMIT_BATCH_BYTES
say 405 "POST /api/v1/lists HTTP/1.1\r\nContent-Length: 0\r\n$end"
say 404 "GET /api/v1/no-such HTTP/1.1\r\n$end"
say 200 "GET /api/v1/lists HTTP/1.1\r\n$end"
tag=$(printf '%s' "$answer" | sed -n 's/^ETag: \("[0-9a-f]*"\).*/\1/p')
say 304 "GET /api/v1/lists HTTP/1.1\r\nIf-None-Match: $tag\r\n$end"
say 304 "GET /check/7231/1/SG/CN.json HTTP/1.1\r\nIf-None-Match: $(
    say 200 "GET /check/7231/1/SG/CN.json HTTP/1.1\r\n$end"
    printf '%s' "$answer" | sed -n 's/^ETag: \("[0-9a-f]*"\).*/\1/p')\r\n$end"

kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
[ "$status" -eq 0 ] || { echo "exit status $status after SIGTERM"; faults=$((faults + 1)); }

# A client over its rate is refused, and may still have the style sheet.
: >"$log"
"$fumao" serve --listen 127.0.0.1:0 --rate 1 --store "sqlite:$store/s.db" 2>"$log" &
pid=$!
for _ in $(seq 100); do
    port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$log")
    [ -n "$port" ] && break
    sleep 0.1
done
for _ in $(seq 12); do # five at once and one a second: twelve come too fast
    exec 3<>"/dev/tcp/127.0.0.1/$port"
    printf 'GET /check HTTP/1.1\r\nX-Forwarded-For: 192.0.2.%d\r\nHost: x\r\nConnection: close\r\n\r\n' $((RANDOM % 250)) >&3
    timeout 10 cat <&3 >/dev/null
    exec 3>&- 3<&-
done
say 429 "GET /check HTTP/1.1\r\n$end"
wants 'Retry-After: '
say 200 "GET /style.css HTTP/1.1\r\n$end"
say 200 "GET /js/main.js HTTP/1.1\r\n$end"
kill -TERM "$pid"
wait "$pid" || faults=$((faults + 1))

# Keys: a batch costs 1 + n/100 of the budget of its key; a key nobody holds is refused; no key is
# ever written to the log.
key=$("$fumao" apikey add wire --keys "$store/keys.csv" --rate 1 --burst 5 2>"$log")
gone=$("$fumao" apikey add gone --keys "$store/keys.csv" 2>>"$log")
"$fumao" apikey remove gone --keys "$store/keys.csv" || faults=$((faults + 1))
grep -qF -e "$key" -e "$gone" "$store/keys.csv" && { echo "a key in the file"; faults=$((faults + 1)); }
"$fumao" serve --listen 127.0.0.1:0 --keys "$store/keys.csv" --store "sqlite:$store/s.db" 2>"$log" &
pid=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$log")
    [ -n "$port" ] && break
    sleep 0.1
done
lines=$(printf '{"mode":9}\\n\\n%.0s' $(seq 299)) # 299 questions: 1 + 2 tokens
say 200 "POST /api/v1/decide HTTP/1.1\r\nX-Api-Key: $key\r\nContent-Type: application/x-ndjson\r\nContent-Length: $((299 * 12))\r\n$end$lines"
wants 'RateLimit-Limit: 5'
wants 'RateLimit-Remaining: 2'
array="[$(printf '{},%.0s' $(seq 999)){}]" # 1 + 10, and the bucket is not full
say 429 "POST /api/v1/decide HTTP/1.1\r\nAuthorization: Bearer $key\r\nContent-Length: ${#array}\r\n$end$array"
wants 'Retry-After: '
post 200 /api/v1/decide application/json "$array" # without a key the budget is another
wants 'RateLimit-Limit: 5000'
for no in "$gone" "${key%?}" x; do
    say 401 "GET /check HTTP/1.1\r\nX-Api-Key: $no\r\n$end"
    wants 'WWW-Authenticate: Bearer'
done
kill -TERM "$pid"
wait "$pid" || faults=$((faults + 1))
grep -qF -e "$key" -e "$gone" "$log" && { echo "a key in the log"; faults=$((faults + 1)); }
chmod 644 "$store/keys.csv"
status=0
"$fumao" serve --keys "$store/keys.csv" --store "sqlite:$store/s.db" 2>/dev/null || status=$?
[ "$status" -eq 4 ] || { echo "keys open to others: status $status"; faults=$((faults + 1)); }
pid=
echo "wire: $faults faults"
[ "$faults" -eq 0 ]
