#!/bin/sh
# Experiments on real hosts (a sandbox of its own, made unequal by CPU quotas): what docs/results/live-*.md show.
#
#   bench/balance.sh EXPERIMENT [ARGUMENTS]      thirty, owner, memory, replay, stability, profiles, remote; each module of bench/balance tells its arguments
#
# OUT=FOLDER says where the programs were built. What was measured is kept in out/bench/balance, tables and pictures go to RESULTS (docs/results).
set -u

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
out=${OUT:-$root/out}
folder=$root/out/bench/balance
results=${RESULTS:-$root/docs/results}

fail() {
    echo "balance: $*" >&2
    exit 1
}

[ $# -ge 1 ] && [ -f "$root/bench/balance/$1.py" ] || fail "say which experiment: thirty, owner, memory, replay, stability, profiles or remote."
[ -x "$out/bin/isobar" ] || fail "$out/bin/isobar is not there: run 'make build' first."
[ "$(id -u)" = 0 ] || fail "making hosts out of namespaces needs root: run it with sudo."
compiler=$(command -v gcc || command -v clang || command -v cc) || fail "no C compiler is there: run 'make setup'."
mkdir -p "$folder" && chmod 755 "$folder" || fail "$folder could not be made."
# Not replaced while another experiment runs it: another source has another name, and a new file comes by renaming.
program=work-$(cksum < "$root/bench/work.c" | cut -d' ' -f1)
if [ ! -x "$folder/$program" ]; then
    "$compiler" -O2 -o "$folder/$program.$$" "$root/bench/work.c" && mv "$folder/$program.$$" "$folder/$program" || fail "the program that works could not be compiled."
fi
[ "$(readlink "$folder/work")" = "$program" ] || { ln -sfn "$program" "$folder/work.$$" && mv -T "$folder/work.$$" "$folder/work"; } || fail "the program that works could not be named."
experiment=$1
shift
exec /usr/bin/python3 "$root/bench/balance" "$experiment" "$out/bin/isobar" "$folder" "$results" "$@"
