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
limit=${TEST_TIMEOUT:-1800}
rm -rf "$results"
mkdir -p "$results"

# What is quick fails first.
if [ $# = 0 ]; then
    set -- $(cd tests && ls -d ./*.Tests | sed 's,^\./,,' | grep -v '^Isobar\.Cluster\.Tests$') Isobar.Cluster.Tests
fi

# Sandbox hosts have a /tmp and /run of their own: from there they could not see the programs of this repository.
case $root in
/tmp/* | /run/*)
    rm -rf /var/lib/isobar-tests
    cp -r "$root" /var/lib/isobar-tests
    cd /var/lib/isobar-tests || exit 1
    ;;
esac

run() {
    unshare --mount --propagation slave timeout --kill-after=30 "$limit" "$@" -noLogo -noColor -failSkips < /dev/null
}

for project; do
    program=$PWD/tests/$project/bin/Release/net10.0/$project
    echo "== $project"
    if [ ! -x "$program" ]; then
        echo "$project was not built: run 'make build-tests'." >&2
        echo "not built" > "$results/$project.crashed"
        continue
    fi
    # A skipped test is not a pass. xunit: 0 all passed, 1 some failed, else it could not run.
    # shellcheck disable=SC2086
    # In a mount namespace of its own: what a killed test leaves mounted (some bind the machine's root) is gone with it.
    # The hosts of one cluster are enough for two cores: classes of the cluster's tests run one after the other.
    case $project in Isobar.Cluster.Tests) order="-parallelMode none" ;; *) order= ;; esac
    # shellcheck disable=SC2086
    run "$program" $order ${FILTER:-} -result-ctrf "$results/$project.json"
    status=$?
    if [ $status != 0 ] && { [ $status -gt 1 ] || [ ! -s "$results/$project.json" ]; }; then
        echo "ended with status $status" > "$results/$project.crashed"
    fi
    # Real machines, cut cables, killed daemons: a few failures are tried once more, alone, and named in the summary when they pass then. They are to be
    # looked into all the same; more than a few are no accident.
    if [ $status = 1 ]; then
        again=$("$root/eng/second-try.py" methods "$results/$project.json" | sed 's/^/-method /')
        if [ -n "$again" ]; then
            echo "== $project, second try:" $again
            mkdir -p "$results/second"
            # shellcheck disable=SC2086
            run "$program" $order $again -result-ctrf "$results/second/$project.json"
            "$root/eng/second-try.py" merge "$results/$project.json" "$results/second/$project.json"
        fi
    fi
done

exec "$root/eng/test-summary.py" "$results"
