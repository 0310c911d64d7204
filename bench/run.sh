#!/bin/sh
# Measures Isobar in a sandbox of its own: what `isobar run` costs, and how long moves take, beside fork and exec, ssh and a plain
# TCP copy on the same hosts. Tables on the screen, the numbers in out/bench/results.json.
#
#   bench/run.sh             OUT=FOLDER says where the programs were built, REPEAT=N how often each is measured
set -u

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
out=${OUT:-$root/out}
isobar=$out/bin/isobar
results=$root/out/bench
sandbox=bench
work=
up=

fail() {
    echo "bench: $*" >&2
    exit 1
}

clean() {
    status=$?
    trap - EXIT INT TERM HUP
    if [ -n "$up" ]; then "$isobar" sandbox down --sandbox $sandbox || status=1; fi
    if [ -n "$work" ]; then rm -f "$work/hold" "$work/host" "$work/host.pub" "$work/user" "$work/user.pub" && rmdir "$work"; fi
    exit $status
}
trap clean EXIT
trap 'exit 130' INT TERM HUP

[ -x "$isobar" ] || fail "$isobar is not there: run 'make build' first."
[ "$(id -u)" = 0 ] || fail "making hosts out of namespaces needs root: run 'sudo make bench'."
compiler=$(command -v gcc || command -v clang || command -v cc) || fail "no C compiler is there: run 'make setup'."
mkdir -p "$results" && work=$(mktemp -d "$results/work.XXXXXX") || fail "no folder could be made in $results."
chmod 755 "$work"
"$compiler" -O2 -o "$work/hold" "$root/bench/hold.c" || fail "the program to be moved could not be compiled."
if [ -x /usr/sbin/sshd ] && command -v ssh-keygen > /dev/null; then
    ssh-keygen -q -t ed25519 -N '' -f "$work/host" && ssh-keygen -q -t ed25519 -N '' -f "$work/user" || fail "no ssh keys could be made."
fi

up=yes
"$isobar" sandbox up 3 --sandbox $sandbox > /dev/null || fail "the hosts could not be made."
/usr/bin/python3 "$root/bench/measure.py" "$isobar" $sandbox "$work" "$results/results.json" "${REPEAT:-5}"
