# What tests of the command line share; sourced, not run. The caller has set fumao and tmp; db is
# the store that all calls use, and may be set to another one.
# shellcheck shell=bash
export LC_ALL=C.UTF-8
db=$tmp/store.db
checks=0
failed=0

fault() {
    echo "FAIL: $*"
    failed=$((failed + 1))
}
# expect STATUS PATTERN ARGS...: runs, wants the status and a line of output that matches.
expect() {
    local status=$1 pattern=$2 out got
    shift 2
    checks=$((checks + 1))
    out=$("$fumao" "$@" --store "sqlite:$db" --lang en 2>&1 </dev/null)
    got=$?
    if [ "$got" != "$status" ] || ! grep -Eq -- "$pattern" <<<"$out"; then
        fault "fumao $* gave $got (want $status), no match for: $pattern"
        head -5 <<<"$out"
    fi
}
out() { # ARGS...: what it prints
    "$fumao" "$@" --store "sqlite:$db" --lang en 2>/dev/null </dev/null
}
same() { # GOT WANT NAME
    checks=$((checks + 1))
    [ "$1" = "$2" ] || fault "$3: $1, not $2"
}
finish() { # the last command of a test
    echo "$checks checks, $failed failed"
    [ "$failed" = 0 ]
}
