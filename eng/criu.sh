#!/bin/sh
# CRIU, the tool that freezes and restores processes. The machine's own is used if it is new enough and works.
# Otherwise Debian's newest is unpacked into a private folder together with every library that it needs, its
# own libc included, and started through its own dynamic loader: nothing of the system is replaced.
#
#   eng/criu.sh           repeatable; says nothing when there is nothing to do
#
# Why 4.2: from kernel 6.16 on, older ones cannot dump any internet socket (SO_PASSCRED was restricted to unix and
# netlink sockets; CRIU issues 2705, 2718, 2804), and the one of Debian 12 fails at the vDSO.
set -eu

here=$(dirname "$(readlink -f "$0")")
least=4.2
prefix=${ISOBAR_CRIU_PREFIX:-/usr/lib/isobar}
tree=$prefix/criu
wrapper=$prefix/bin/criu

fail() {
    echo "criu: $*" >&2
    exit 1
}

version_of() {
    "$1" --version 2> /dev/null | sed -n 's/^Version: *//p' | head -n1
}

new_enough() {
    [ -n "$1" ] && dpkg --compare-versions "$1" ge $least
}

works() {
    command -v "$1" > /dev/null 2>&1 && new_enough "$(version_of "$1")" && "$1" check > /dev/null 2>&1
}

command -v dpkg > /dev/null 2>&1 || fail "no working criu >= $least here and this is not a Debian machine: install it by hand and set ISOBAR_CRIU to its path."
if works "${ISOBAR_CRIU:-criu}"; then exit 0; fi
if works "$wrapper"; then
    # Wrappers of earlier versions did not keep root in effect for a run with another real user.
    [ "$(head -n1 "$wrapper")" = "#!/bin/sh -p" ] || sed -i '1s,.*,#!/bin/sh -p,' "$wrapper"
    exit 0
fi

[ "$(id -u)" = 0 ] || fail "no working criu >= $least here: run this as root to install one."
command -v apt-get > /dev/null 2>&1 || fail "no working criu >= $least here and no apt-get: install it by hand."

. "$here/mirror.sh"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
private_apt "$work"
mkdir "$work/root"

download() {
    use_suite "$work" deb "$1" "$2" "$3" > "$work/log" 2>&1 || return 1
    candidate=$(APT_CONFIG=$work/apt.conf apt-cache madison criu 2> /dev/null | awk '{ print $3; exit }')
    new_enough "$candidate" || return 1
    APT_CONFIG=$work/apt.conf apt-get -qq -y --download-only install criu > "$work/log" 2>&1
}

mirrors > "$work/mirrors"
[ -s "$work/mirrors" ] || fail "the apt sources of this machine name no Debian archive with the suite '$codename': add one, or install criu >= $least by hand."
suite=
while [ -z "$suite" ] && read -r uri keyring; do
    for newer in forky sid; do
        if download $newer "$uri" "$keyring"; then
            suite=$newer
            break
        fi
    done
done < "$work/mirrors"
[ -n "$suite" ] || fail "no criu >= $least could be fetched from the Debian mirror of this machine: $(grep -m1 '^[EW]:' "$work/log" || echo "none of its suites has one")"

for package in "$work"/cache/archives/*.deb; do
    case ${package##*/} in
    criu_* | lib*) dpkg -x "$package" "$work/root" ;;
    esac
done
rm -rf "$work/root/usr/share" "$work/root/usr/include" "$work/root/etc"

loader=$(cd "$work/root" && find . -name 'ld-linux*.so.*' -path '*-linux-gnu*' | head -n1)
[ -n "$loader" ] || loader=$(cd "$work/root" && find . -name 'ld-linux*.so.*' | head -n1)
binary=$(cd "$work/root" && find . -type f -name criu -perm -100 -path '*bin*' | head -n1)
[ -n "$loader" ] && [ -n "$binary" ] || fail "the packages fetched from $suite do not have the expected layout: please report this."
loader=${loader#./}
binary=${binary#./}

mkdir -p "$prefix/bin"
rm -rf "$tree.new"
mv "$work/root" "$tree.new"
rm -rf "$tree"
mv "$tree.new" "$tree"
chmod 755 "$tree"
cat > "$wrapper.new" << WRAP
#!/bin/sh -p
# Made by Isobar's eng/criu.sh: criu $candidate with its own libraries.
exec $tree/$loader --library-path $tree/${loader%/*} $tree/$binary "\$@"
WRAP
chmod 755 "$wrapper.new"
mv "$wrapper.new" "$wrapper"

works "$wrapper" || fail "criu $candidate was installed but does not work on this kernel: $("$wrapper" check 2>&1 | grep -m1 -i error || echo "see '$wrapper check'")"
echo "Installed criu $candidate under $tree, beside the system's own libraries."
