#!/bin/sh
# SPDX-License-Identifier: MIT
# Downloads the tar archives among libarchive's test files from Debian's source package.
#
#   scripts/libarchive-archives.sh DIR
#
# They stay uuencoded (DIR/*.uu), and many are compressed. apt checks the package's signature and digests. The script uses
# the mirror that apt is configured with and changes nothing in apt. Needs Debian with its archive keyring, and xz.
# Idempotent: keeps what is already there.
set -eu
[ $# = 1 ] || { echo "usage: scripts/libarchive-archives.sh DIR" >&2; exit 1; }
directory=$1
[ -e "$directory/complete" ] && exit 0
command -v apt-get >/dev/null || { echo "libarchive-archives: the source package is Debian's; no apt-get here" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
  sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo "libarchive-archives: apt's sources name no mirror" >&2; exit 1; }
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$work/sources.list"
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/source" "$directory"
: >"$work/status"
source_of() {
  apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::State::status="$work/status" \
    -o APT::Sandbox::User=root -o Debug::NoLocking=1 "$@"
}
source_of update
(cd "$work/source" && source_of source --download-only libarchive >/dev/null)
tar -xf "$work"/source/libarchive_*.orig.tar.?z -C "$directory" --wildcards --transform 's#.*/##' \
  '*/test/*.tar.uu' '*/test/*.tar.*.uu' '*/test/*.ustar.uu' '*/test/*.pax.*.uu' '*/test/*.t[bglx]z.uu'
touch "$directory/complete"
