#!/bin/sh
# Installs from Debian packages what Isobar needs on this machine and what is missing.
#
#   eng/setup.sh [run] [build] [test] [bench]      default: run build
#
# Repeatable; says nothing when there is nothing to do, one sentence for each thing that it installs.
set -eu

here=$(dirname "$(readlink -f "$0")")
parts=${*:-run build}

fail() {
    echo "setup: $*" >&2
    exit 1
}

# Each line: the package, and the file or command that shows that it is not needed (commands found on PATH
# count as well as packages, so that a machine with its own build of a tool is left as it is).
needs() {
    case $1 in
    run)
        echo "dumb-init command dumb-init pid 1 of every job"
        echo "etcd-server command etcd the roster of the cluster"
        echo "etcd-client command etcdctl to look into the roster"
        echo "iproute2 command ip the network of sandbox hosts"
        echo "nftables command nft network locks while a process is moved"
        echo "util-linux command unshare namespaces"
        echo "tar command tar temporary file systems inside a checkpoint"
        echo "procps command ps process listings"
        ;;
    build)
        echo "make command make the build"
        echo "gcc command clang|gcc linking ahead-of-time compiled programs"
        echo "binutils command objcopy linking ahead-of-time compiled programs"
        echo "zlib1g-dev file /usr/include/zlib.h linking ahead-of-time compiled programs"
        ;;
    test)
        echo "gcc command gcc the small C programs that the tests move"
        echo "libc6-dev file /usr/include/stdio.h the small C programs that the tests move"
        echo "xz-utils command xz a program that the tests move"
        echo "gzip command gzip a program that the tests move"
        echo "python3 file /usr/bin/python3 a program that the tests move"
        echo "tmux command tmux terminals in the tests"
        echo "acl command setfacl what files have, in the tests"
        echo "attr command setfattr what files have, in the tests"
        echo "vim command vim a program that the tests move"
        echo "python3-numpy file /usr/lib/python3/dist-packages/numpy a library that the tests move"
        echo "nodejs command node a program that the tests move"
        echo "default-jdk-headless command javac a program that the tests move"
        echo "systemd file /lib/systemd/systemd the service manager that the service unit is tested with"
        echo "strace command strace a program that keeps another from being moved"
        ;;
    bench)
        echo "openssh-server file /usr/sbin/sshd the peer that Isobar is compared with"
        echo "openssh-client command ssh the peer that Isobar is compared with"
        echo "sshfs command sshfs the peer that the file view is compared with"
        echo "parallel command parallel the peer that balancing is compared with"
        echo "slurmctld command slurmctld the peer that balancing is compared with"
        echo "slurmd command slurmd the peer that balancing is compared with"
        echo "slurm-client command sbatch the peer that balancing is compared with"
        echo "munge command munged the keys of Slurm"
        echo "serf command serf the peer that a cluster at rest is compared with"
        echo "ganglia-monitor command gmond the other peer that a cluster at rest is compared with"
        ;;
    *)
        fail "unknown part '$1'; the parts are run, build, test and bench."
        ;;
    esac
}

present() {
    case $1 in
    file) [ -e "$2" ] ;;
    command)
        for name in $(echo "$2" | tr '|' ' '); do
            if PATH=$PATH:/usr/sbin:/sbin command -v "$name" > /dev/null 2>&1; then return 0; fi
        done
        return 1
        ;;
    esac
}

missing() {
    for part in $parts; do
        needs "$part" | while read -r package kind what why; do
            present "$kind" "$what" || echo "$package $why"
        done
    done | sort -u -k1,1
}

# A package that brings a service must not start it: isobard runs etcd as its own child. invoke-rc.d asks
# /usr/sbin/policy-rc.d, 101 means "not allowed" (deb: invoke-rc.d(8)). What was there is put back.
policy=/usr/sbin/policy-rc.d
forbid_services() {
    if [ -e $policy ] || [ -L $policy ]; then mv $policy $policy.isobar-saved; fi
    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
}
restore_services() {
    rm -f $policy
    if [ -e $policy.isobar-saved ] || [ -L $policy.isobar-saved ]; then mv $policy.isobar-saved $policy; fi
}

install_package() {
    apt-get -qq -y --no-install-recommends install "$1" > "$log" 2>&1 < /dev/null
}

for part in $parts; do needs "$part" > /dev/null; done

list=$(missing)
if [ -n "$list" ]; then
    command -v apt-get > /dev/null 2>&1 || fail "$(echo "$list" | cut -d' ' -f1 | tr '\n' ' ')missing and this is not a Debian machine: install the equivalents by hand."
    [ "$(id -u)" = 0 ] || fail "$(echo "$list" | cut -d' ' -f1 | tr '\n' ' ')missing: run this as root to install."
    export DEBIAN_FRONTEND=noninteractive
    log=$(mktemp)
    trap 'restore_services; rm -f "$log"' EXIT
    trap 'exit 130' INT TERM HUP
    forbid_services
    updated=no
    echo "$list" | while read -r package why; do
        # Its own way to make a key runs su, which not every machine lets root do; a key that is there is left as it is (munge.postinst).
        if [ "$package" = munge ] && [ ! -e /etc/munge/munge.key ]; then
            mkdir -p /etc/munge && (umask 077 && head -c 1024 /dev/urandom > /etc/munge/munge.key)
        fi
        if ! install_package "$package"; then
            # The lists of a fresh machine are empty or old: read them once, then try again.
            if [ $updated = no ]; then
                apt-get -qq update > "$log" 2>&1 < /dev/null || fail "the package lists could not be read: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
                updated=yes
                install_package "$package" || fail "$package could not be installed: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
            else
                fail "$package could not be installed: $(grep -m1 '^E:' "$log" || tail -n1 "$log")"
            fi
        fi
        echo "Installed $package ($why)."
        # Debian enables a service when it installs it; ours must not come up with the next boot either.
        case $package in
        etcd-server) service=etcd ;;
        munge | slurmd | slurmctld) service=$package ;;
        *) continue ;;
        esac
        if [ -d /run/systemd/system ]; then systemctl -q disable "$service" > /dev/null 2>&1 || true; fi
    done || exit 1
    restore_services
    rm -f "$log"
    trap - EXIT INT TERM HUP
fi

case " $parts " in
*" build "* | *" test "* | *" bench "*)
    dotnet --list-sdks 2> /dev/null | grep -q '^1[0-9]\.' || fail "the .NET 10 SDK is missing: install dotnet-sdk-10.0 and put dotnet on the PATH (Debian does not carry it)."
    ;;
esac

case " $parts " in
*" test "*) "$here/source.sh" zlib "$here/../out/sources" ;;
esac

case " $parts " in
*" run "*) "$here/criu.sh" ;;
esac
