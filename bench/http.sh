#!/usr/bin/env bash
# GET /check/....json beside nginx with a static body of the same size: same machine, same run,
# same client, in turn. Prints requests per second, medians of five, and the ratio. Needs nginx
# and wrk (Debian packages); everything stays on the loopback address.
set -euo pipefail
cd "$(dirname "$0")/.."
fumao=${FUMAO:-build/fumao}
seconds=${BENCH_SECONDS:-3}
for tool in nginx wrk curl; do
    command -v "$tool" >/dev/null || PATH=$PATH:/usr/sbin
    command -v "$tool" >/dev/null || { echo "bench/http.sh needs $tool"; exit 1; }
done
tmp=$(mktemp -d)
pids=
trap 'kill $pids 2>/dev/null || true; rm -rf "$tmp"' EXIT
# Rates are counted as always, and the limit is out of reach of one client.
"$fumao" serve --listen 127.0.0.1:0 --rate 1000000 --store "sqlite:$tmp/s.db" 2>"$tmp/log" &
pids=$!
for _ in $(seq 50); do
    port=$(sed -n 's|.*127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$tmp/log")
    [ -n "$port" ] && break
    sleep 0.1
done
path=/check/7297/1/SG/CN-SH-FTZ.json?on=2026-06-01
mkdir "$tmp/www"
curl -sf "http://127.0.0.1:$port$path" >"$tmp/www/answer.json"
nginx_port=$((port + 1))
cat >"$tmp/nginx.conf" <<CONF
daemon off; pid $tmp/pid; error_log /dev/null; worker_processes auto;
events { worker_connections 512; }
http { access_log off; keepalive_requests 1000000; default_type application/json;
  client_body_temp_path $tmp/b; proxy_temp_path $tmp/p; fastcgi_temp_path $tmp/f;
  uwsgi_temp_path $tmp/u; scgi_temp_path $tmp/c;
  server { listen 127.0.0.1:$nginx_port; root $tmp/www; } }
CONF
chmod -R a+rX "$tmp"
nginx -c "$tmp/nginx.conf" 2>/dev/null &
pids="$pids $!"
sleep 1
rate() { wrk -t1 -c32 -d"${seconds}s" "$1" | sed -n 's/Requests\/sec: *//p'; }
for _ in 1 2 3 4 5; do
    rate "http://127.0.0.1:$port$path" >>"$tmp/ours"
    rate "http://127.0.0.1:$nginx_port/answer.json" >>"$tmp/nginx"
done
median() { sort -n "$1" | sed -n 3p; }
ours=$(median "$tmp/ours") theirs=$(median "$tmp/nginx")
printf 'body %s bytes\nfumao %s/s\nnginx %s/s\nfumao / nginx %s\n' \
    "$(wc -c <"$tmp/www/answer.json")" "$ours" "$theirs" \
    "$(awk "BEGIN { printf \"%.2f\", $ours / $theirs }")"
