#!/usr/bin/env bash
# Types docs/tour.md: its ```sh blocks, in order, in one shell, against an empty store and a served
# portal. Every line must exit with 0, or as it announces ("# exits 1"); each line of a ```text
# block must be found, in order, in what the block before it printed.
set -u
cd "$(dirname "$0")/.." || exit 1
fumao=$(realpath "${FUMAO:-build/fumao}")
verifier=$(realpath "${FUMAO_VERIFY:-$(dirname "$fumao")/verify/fumao-verify}")
tour=$PWD/docs/tour.md
tmp=$(mktemp -d)
pid=
trap '[ -n "$pid" ] && kill "$pid" 2>/dev/null; rm -rf "$tmp"' EXIT
export HOME=$tmp XDG_DATA_HOME=$tmp/data LC_ALL=C.UTF-8 LANG=en_US.UTF-8
unset LC_MESSAGES LANGUAGE
mkdir -p "$tmp/data" "$tmp/w/build/verify"
ln -s "$fumao" "$tmp/w/build/fumao"
ln -s "$verifier" "$tmp/w/build/verify/fumao-verify"
cd "$tmp/w" || exit 1

"$fumao" serve --listen 127.0.0.1:0 2>"$tmp/log" &
pid=$!
port=
for _ in $(seq 100); do
    port=$(sed -n 's|.*http://127\.0\.0\.1:\([0-9]*\)/.*|\1|p' "$tmp/log")
    [ -n "$port" ] && break
    sleep 0.1
done
[ -n "$port" ] || { echo "serve did not start:"; cat "$tmp/log"; exit 1; }

failed=0
commands=0
lines=0
fault() {
    echo "FAIL: $*"
    failed=$((failed + 1))
}
finish() { # the command in $command, typed into this shell
    local want=0 got text
    [[ $command =~ \#\ exits\ ([0-9]+) ]] && want=${BASH_REMATCH[1]}
    text=${command//127.0.0.1:8080/127.0.0.1:$port}
    commands=$((commands + 1))
    set -o pipefail
    eval "$text" >>"$tmp/out" 2>&1 </dev/null
    got=$?
    set +o pipefail
    [ "$got" = "$want" ] || { fault "exits $got, not $want: $command"; tail -5 "$tmp/out"; }
    command=
}

block=
command=
at=1
while IFS= read -r line; do
    case $block:$line in
    ':```sh') block='sh' at=1 && : >"$tmp/out" ;;
    ':```text') block=text ;;
    'sh:```' | 'text:```')
        [ -z "$command" ] || fault "unfinished: $command"
        block=
        ;;
    sh:*)
        command=$command${command:+$'\n'}$line
        # A command may go on over several lines.
        bash -n <<<"$command" 2>/dev/null && finish
        ;;
    text:*)
        lines=$((lines + 1))
        n=$(tail -n +$at "$tmp/out" | grep -nF -m 1 -- "$line" | cut -d: -f1)
        if [ -z "$n" ]; then fault "not seen: $line"; else at=$((at + n - 1)); fi
        ;;
    esac
done <"$tour"

kill -TERM "$pid"
wait "$pid" || fault "serve did not end well"
pid=
if [ "$commands" -le 10 ] || [ "$lines" -le 20 ]; then fault "the tour was not read"; fi
echo "tour: $commands commands, $lines lines seen, $failed faults"
[ "$failed" -eq 0 ]
