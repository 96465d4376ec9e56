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
    got=$(printf '%s' "$answer" | sed -n '1s/^HTTP\/1\.1 \([0-9]*\).*/\1/p')
    if [ "$got" != "$1" ]; then
        echo "wants $1, got '$got': $2"
        faults=$((faults + 1))
    fi
    for name in Content-Security-Policy X-Content-Type-Options Referrer-Policy \
        Permissions-Policy Cross-Origin-Opener-Policy; do
        printf '%s' "$answer" | grep -qi "^$name: " || {
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

kill -TERM "$pid"
status=0
wait "$pid" || status=$?
pid=
[ "$status" -eq 0 ] || { echo "exit status $status after SIGTERM"; faults=$((faults + 1)); }
echo "wire: $faults faults"
[ "$faults" -eq 0 ]
