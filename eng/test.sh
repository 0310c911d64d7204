#!/bin/sh
# Runs the test projects one after the other (they share two cores, and some of them a whole sandbox) and leaves one
# machine-readable report each (CTRF) in RESULTS, which eng/test-summary.py adds up.
#
#   eng/test.sh [PROJECT...]         default: all of tests/, the cluster last
#   FILTER='-class *Foo*' eng/test.sh Isobar.Linux.Tests
set -u

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
cd "$root" || exit 1
results=$root/out/test-results
limit=${TEST_TIMEOUT:-900}
rm -rf "$results"
mkdir -p "$results"

# What is quick fails first.
if [ $# = 0 ]; then
    set -- $(cd tests && ls -d ./*.Tests | sed 's,^\./,,' | grep -v '^Isobar\.Cluster\.Tests$') Isobar.Cluster.Tests
fi

for project; do
    program=tests/$project/bin/Release/net10.0/$project
    echo "== $project"
    if [ ! -x "$program" ]; then
        echo "$project was not built: run 'make build-tests'." >&2
        echo "not built" > "$results/$project.crashed"
        continue
    fi
    # A skipped test is not a pass. xunit: 0 all passed, 1 some failed, else it could not run.
    # shellcheck disable=SC2086
    # In a mount namespace of its own: what a killed test leaves mounted (some bind the machine's root) is gone with it.
    unshare --mount --propagation slave timeout --kill-after=30 "$limit" "$program" -noLogo -noColor -failSkips ${FILTER:-} -result-ctrf "$results/$project.json" < /dev/null
    status=$?
    if [ $status != 0 ] && { [ $status -gt 1 ] || [ ! -s "$results/$project.json" ]; }; then
        echo "ended with status $status" > "$results/$project.crashed"
    fi
done

exec "$root/eng/test-summary.py" "$results"
