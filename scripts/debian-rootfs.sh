#!/bin/sh
# SPDX-License-Identifier: MIT
# Unpacks Debian packages of any architecture, with all their dependencies, into a directory. The result is a real root
# filesystem, made without running any program from it.
#
#   scripts/debian-rootfs.sh ARCHITECTURE DIRECTORY PACKAGE...      (amd64, arm64, riscv64; Debian 13)
#
# No maintainer script runs, so there are no alternatives links and no ld.so.cache. Essential packages are not added by themselves.
# Downloads are kept in ${OCI_KIT_DEBIAN_CACHE:-/var/cache/oci-kit-debian}. Needs Debian's apt and dpkg, not root.
set -eu
[ $# -ge 3 ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed -n '3,9p' >&2; exit 1; }
architecture=$1 directory=$2
shift 2
for program in apt-get dpkg-deb; do
  command -v $program >/dev/null || { echo "debian-rootfs: needs $program, which is Debian's" >&2; exit 1; }
done
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
  sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo "debian-rootfs: apt's sources name no mirror" >&2; exit 1; }

cache=${OCI_KIT_DEBIAN_CACHE:-/var/cache/oci-kit-debian}/$architecture
wanted=$(printf '%s\n' "$@" | sort | sha256sum | cut -c 1-12)
archives=$cache/$wanted
mkdir -p "$cache/lists/partial" "$archives/archives/partial" "$directory"
: >"$archives/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$archives/sources.list"
foreign() {
  apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" \
    -o Dir::Etc::SourceList="$archives/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$cache/lists" -o Dir::Cache="$archives" -o Dir::State::status="$archives/status" \
    -o APT::Install-Recommends=false -o APT::Sandbox::User= -o Debug::NoLocking=1 "$@"
}
if [ ! -e "$archives/complete" ]; then
  foreign update
  foreign install -y --download-only "$@" >/dev/null
  touch "$archives/complete"
fi

# makes the merged /usr of Debian's own images before any package writes into it
for name in bin sbin lib; do
  [ -e "$directory/$name" ] || { mkdir -p "$directory/usr/$name"; ln -s "usr/$name" "$directory/$name"; }
done
for package in "$archives"/archives/*.deb; do
  dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$directory"
done
