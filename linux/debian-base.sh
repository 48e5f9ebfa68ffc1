#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the image that the first stage starts from, for machines that reach no registry: a small Debian 13 from its packages, as a layout.
#
#   linux/debian-base.sh LAYOUT [ARCHITECTURE]        (default: this machine's)
#   oci-kit chain plan --set DEBIAN_IMAGE=oci:LAYOUT
#
# Needs Debian's apt and dpkg, oci-kit (OCI_KIT names another one than that on PATH), and root, to keep owners.
set -eu
[ $# -ge 1 ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed -n '2,7p' >&2; exit 1; }
layout=$1 architecture=${2:-$(dpkg --print-architecture)}
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$here/../scripts/debian-rootfs.sh" "$architecture" "$work/root" apt base-files base-passwd bash coreutils dash \
  debian-archive-keyring dpkg findutils grep gzip mawk sed tar xz-utils
cp "$work/root/usr/share/base-passwd/passwd.master" "$work/root/etc/passwd"
cp "$work/root/usr/share/base-passwd/group.master" "$work/root/etc/group"
ln -sf mawk "$work/root/usr/bin/awk"
mkdir -p "$work/root/tmp" "$work/root/var/lib/dpkg/info"
chmod 1777 "$work/root/tmp"
touch "$work/root/var/lib/dpkg/status"
# the machine's own mirror: the image names none by itself
cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
  sed -n 's/^URIs: *\([^ ]*\).*/deb \1 trixie main/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/deb \2 trixie main/p' |
  head -n 1 >"$work/root/etc/apt/sources.list"
${OCI_KIT:-oci-kit} pack "$work/root" "oci:$layout" --platform "linux/$architecture"
