#!/bin/sh
# Shows what Isobar does, in a minute: three hosts on this machine, and a computation that moves between them while it runs.
# Ends with status 0 only if all of it went right.
#
#   eng/demo.sh              KEEP=1 leaves the hosts up; OUT=FOLDER says where the programs were built
set -u

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
out=${OUT:-$root/out}
keep=${KEEP:-}
sandbox=demo
lines=360
isobar=$out/bin/isobar
work=
session=
up=

fail() {
    echo "demo: $*" >&2
    exit 1
}

clean() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$session" ]; then kill "$session" 2> /dev/null; fi
    if [ -n "$up" ]; then
        if [ -n "$keep" ]; then
            echo
            echo "The hosts are still up. A shell in one: $isobar sandbox shell --sandbox $sandbox alpha"
            echo "Take them down:         $isobar sandbox down --sandbox $sandbox"
        else
            "$isobar" sandbox down --sandbox $sandbox || status=1
        fi
    fi
    if [ -n "$work" ]; then rm -f "$work/pi" "$work/pi.txt" "$work/unmoved" "$work/moved" "$work/error" && rmdir "$work"; fi
    exit $status
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

say() { printf '\n# %s\n' "$*"; }

# A command in a host, shown as it would be typed there.
on() {
    host=$1
    shift
    printf '%s$ %s\n' "$host" "$*"
    "$isobar" sandbox exec --sandbox $sandbox "$host" "$@" || fail "'$*' failed on $host."
}

# Waits until the job has shown N lines, or has ended.
shown() {
    tries=0
    while [ "$(wc -l < "$work/moved")" -lt "$1" ]; do
        kill -0 "$session" 2> /dev/null || fail "the job ended too early: $(cat "$work/error")"
        tries=$((tries + 1))
        [ $tries -lt 600 ] || fail "the job shows nothing any more."
        sleep 0.1
    done
}

[ -x "$isobar" ] || fail "$isobar is not there: run 'make build' first."
[ "$(id -u)" = 0 ] || fail "making hosts out of namespaces needs root: run 'sudo make demo'."
compiler=$(command -v gcc || command -v clang || command -v cc) || fail "no C compiler is there: run 'make setup'."
mkdir -p "$out" && work=$(mktemp -d "$out/demo.XXXXXX") || fail "no folder could be made in $out."
chmod 755 "$work"
: > "$work/moved"
"$compiler" -O1 -o "$work/pi" "$root/eng/demo/pi.c" || fail "the demo's program could not be compiled."

say "First the program as it is, not moved: $((lines * 60)) digits of pi. Its output is kept, to compare."
"$work/pi" $lines "$work/pi.txt" > "$work/unmoved" || fail "the program failed by itself."
unmoved=$(sha256sum < "$work/unmoved" | cut -c1-32)
unmoved_file=$(sha256sum < "$work/pi.txt" | cut -c1-32)

say "Three hosts on this machine, each with its own files, processes, network address and isobard."
up=yes
"$isobar" sandbox up 3 --sandbox $sandbox || fail "the hosts could not be made."
on alpha isobar nodes

say "The program is started on alpha, with 'isobar run' before its name. It writes every digit to /tmp/pi.txt, a file of alpha."
echo "alpha\$ isobar run --home --name pi pi $lines /tmp/pi.txt"
"$isobar" sandbox exec --sandbox $sandbox alpha isobar run --home --name pi "$work/pi" $lines /tmp/pi.txt > "$work/moved" 2> "$work/error" < /dev/null &
session=$!
tail -n +1 -f --pid=$session -s 0.1 "$work/moved" &
display=$!
shown 5

say "Now it moves to beta: all its memory and its open files, in the middle of the computation."
on alpha isobar migrate pi beta
on alpha isobar ps
shown 12

say "The lines above come from beta, to the same screen. On to gamma."
on alpha isobar migrate pi gamma
on alpha isobar ps

say "It ends on gamma."
wait $session
status=$?
session=
wait $display
[ $status = 0 ] || fail "the job ended with status $status: $(cat "$work/error")"

say "What was done, and how long the program stood still for it:"
on alpha isobar moves pi
committed=$("$isobar" sandbox exec --sandbox $sandbox alpha isobar moves pi --json | grep -o '"committed":true' | wc -l)
[ "$committed" = 2 ] || fail "$committed moves are in the ledger, not 2."

say "Is what it computed the same? Checksums of the unmoved run and of the moved one:"
moved=$(sha256sum < "$work/moved" | cut -c1-32)
moved_file=$("$isobar" sandbox exec --sandbox $sandbox alpha sha256sum /tmp/pi.txt | cut -c1-32)
printf '%-22s %-33s %s\n' "" "not moved" "moved twice"
printf '%-22s %-33s %s\n' "shown on the screen" "$unmoved" "$moved"
printf '%-22s %-33s %s\n' "/tmp/pi.txt of alpha" "$unmoved_file" "$moved_file"
[ "$moved" = "$unmoved" ] || fail "what the moved program showed differs."
[ "$moved_file" = "$unmoved_file" ] || fail "what the moved program wrote to its file differs."
if "$isobar" sandbox exec --sandbox $sandbox gamma test -e /tmp/pi.txt; then fail "gamma has a file that belongs on alpha."; fi

say "The same to the last bit. beta and gamma have no pi.txt: the program wrote to alpha's, wherever it ran."
