# For eng/criu.sh and eng/source.sh: apt beside the system's own. It uses the machine's own Debian mirror and keyring, but has its own
# folders, its own list of what is installed (nothing), and touches neither the packages nor the configuration of the system.
# Needs a function `fail`.

# Both formats of apt's sources are read. A source counts when it has a suite named like the running release and the component main;
# that is also true of some that are not Debian's, so those whose path ends in /debian come first, and the callers try one after the other.
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
etc=$(apt-config shell d Dir::Etc/d | sed "s/^d='\(.*\)'$/\1/")
etc=${etc:-/etc/apt/}

deb822() {
    awk -v code="$1" '
        function done() {
            if (types ~ /(^| )deb( |$)/ && (" " components " ") ~ / main / && (" " suites " ") ~ (" " code " ") && enabled != "no" && uris != "") {
                split(uris, u, " "); print u[1], (key ~ /^\// ? key : "-")
            }
            types = uris = suites = components = key = enabled = ""
        }
        /^[ \t]*$/ { done(); next }
        /^#/ { next }
        { name = tolower($1); value = $0; sub(/^[^:]*:[ \t]*/, "", value) }
        name == "types:" { types = value }
        name == "uris:" { uris = value }
        name == "suites:" { suites = value }
        name == "components:" { components = value }
        name == "signed-by:" { key = value }
        name == "enabled:" { enabled = tolower(value) }
        END { done() }' "$2"
}

oneline() {
    awk -v code="$1" '
        $1 != "deb" { next }
        {
            key = "-"; at = 2
            if ($2 ~ /^\[/) {
                while (at <= NF) {
                    option = $at; gsub(/[][]/, "", option)
                    if (option ~ /^signed-by=/) { key = substr(option, 11) }
                    if ($at ~ /\]$/) { break }
                    at++
                }
                at++
            }
            if ($(at + 1) == code && (" " $0 " ") ~ / main /) { print $at, key }
        }' "$2"
}

sources() {
    for file in "$etc"/sources.list "$etc"/sources.list.d/*.list; do
        [ -r "$file" ] && oneline "$codename" "$file"
    done
    for file in "$etc"/sources.list.d/*.sources; do
        [ -r "$file" ] && deb822 "$codename" "$file"
    done
    return 0
}

# Lines "URI KEYRING".
mirrors() {
    sources | sed 's, -$, /usr/share/keyrings/debian-archive-keyring.gpg,' | awk '
        $1 ~ /\/debian\/?$/ { print; next }
        { later = later $0 "\n" }
        END { printf "%s", later }'
}

# Makes a private configuration in the folder $1.
private_apt() {
    mkdir -p "$1/state/lists/partial" "$1/cache/archives/partial"
    # An empty status file: apt then believes that nothing is installed, and fetches the whole closure with the libc.
    : > "$1/state/status"
    # Proxies and the like of the machine stay in force: the parts of its configuration are still read after this file.
    cat > "$1/apt.conf" << CONF
Dir::State "$1/state";
Dir::State::status "$1/state/status";
Dir::Cache "$1/cache";
Dir::Cache::archives "$1/cache/archives";
Dir::Etc::sourcelist "$1/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
CONF
}

# use_suite FOLDER deb|deb-src SUITE URI KEYRING: reads the lists.
use_suite() {
    [ -r "$5" ] || return 1
    echo "$2 [signed-by=$5] $4 $3 main" > "$1/sources.list"
    APT_CONFIG=$1/apt.conf apt-get -qq update
}
