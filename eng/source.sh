#!/bin/sh
# Fetches the original source archive of a Debian package of the running release, through the machine's own mirror.
#
#   eng/source.sh PACKAGE FOLDER      repeatable; says nothing when there is nothing to do
set -eu

here=$(dirname "$(readlink -f "$0")")
package=$1
folder=$2

fail() {
    echo "source: $*" >&2
    exit 1
}

if ls "$folder/${package}_"*.orig.tar.* > /dev/null 2>&1; then exit 0; fi
command -v apt-get > /dev/null 2>&1 || fail "no apt-get here: put the source archive of $package as ${package}_VERSION.orig.tar.xz into $folder by hand."

. "$here/mirror.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
private_apt "$work"

mirrors > "$work/mirrors"
while read -r uri keyring; do
    if use_suite "$work" deb-src "$codename" "$uri" "$keyring" > "$work/log" 2>&1 \
        && (cd "$work" && APT_CONFIG=$work/apt.conf apt-get -qq --download-only --tar-only source "$package" > "$work/log" 2>&1); then
        mkdir -p "$folder"
        mv "$work/${package}_"*.orig.tar.* "$folder/"
        echo "Fetched the source of $package (a build that the tests move)."
        exit 0
    fi
done < "$work/mirrors"
fail "the source of $package could not be fetched from the Debian mirror of this machine: $(grep -m1 '^[EW]:' "$work/log" || echo "no source of its apt configuration has it")"
