#!/bin/sh
# Publishes one program ahead of time into OUT, and only when a source of it, or of a project that it refers to, has
# changed: linking takes half a minute, and most calls change nothing. The stamp is a hash of the contents, since a
# checkout touches times without changing anything.
#
#   eng/publish.sh PROJECT PLACE OUT     e.g. Isobar.Node sbin/isobard out
set -eu

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
project=$1
place=$2
out=$3
cd "$root"

# The project and all that it refers to, by following ProjectReference.
closure() {
    todo=$1
    seen=
    while [ -n "$todo" ]; do
        name=${todo%% *}
        todo=$(echo "$todo" | cut -s -d' ' -f2-)
        case " $seen " in *" $name "*) continue ;; esac
        seen="$seen $name"
        for next in $(sed -n 's/.*<ProjectReference Include="[^"]*\/\([^"\/]*\)\.csproj".*/\1/p' "src/$name/$name.csproj"); do
            todo="$todo $next"
            todo=${todo# }
        done
    done
    echo "$seen"
}

folders=$(for name in $(closure "$project"); do echo "src/$name"; done)
hash=$({
    find Directory.Build.props Directory.Packages.props global.json src/*.props -type f -print0
    # shellcheck disable=SC2086
    find $folders -type f ! -path '*/bin/*' ! -path '*/obj/*' -print0
} | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)

stamp=$out/stamps/$project
if [ -x "$out/$place" ] && [ "$(cat "$stamp" 2> /dev/null)" = "$hash" ]; then exit 0; fi

echo "Publishing $project."
stage=$out/stage/$project
rm -rf "$stage"
mkdir -p "$out/stamps" "$out/${place%/*}" "$stage"
# The analyzers have their say when the tests are built; here they would only double the time.
log=$out/stage/$project.log
if ! dotnet publish "src/$project" -c Release -o "$stage" -v q -nologo -p:RunAnalyzers=false -p:EnforceCodeStyleInBuild=false > "$log" 2>&1; then
    grep -E 'error|warning' "$log" | sort -u | head -n 20 >&2
    echo "publish: $project could not be published; all of the output is in $log" >&2
    exit 1
fi
# Under a new name and renamed: a program that is running cannot be overwritten (ETXTBSY).
cp "$stage/${place##*/}" "$out/$place.new"
mv "$out/$place.new" "$out/$place"
for library in "$stage"/*.so; do
    if [ -e "$library" ]; then cp "$library" "$out/${place%/*}/"; fi
done
echo "$hash" > "$stamp"
