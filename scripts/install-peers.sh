#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the programs that the interoperation tests compare with, from Debian's packages.
#
#   sudo scripts/install-peers.sh [PREFIX]      (default /opt/oci-kit-peers)
#
# Debian's stable programs are installed by apt. The current ones (skopeo, umoci, crane, oras, cosign, docker-registry, Docker
# with BuildKit) come from unstable: they are only unpacked under PREFIX, and OCI_KIT_PEERS has to name PREFIX/bin.
# skopeo and umoci from unstable need a newer libc than stable has, so each runs with the loader unpacked for it.
# Needs root and Debian. Idempotent: keeps what is already there. Uses the mirror that apt is configured with.
set -eu
prefix=${1:-/opt/oci-kit-peers}
[ "$(id -u)" = 0 ] || { echo "install-peers: installing packages needs root" >&2; exit 1; }
command -v apt-get >/dev/null || { echo "install-peers: these packages are Debian's; no apt-get here" >&2; exit 1; }

export DEBIAN_FRONTEND=noninteractive
stable="umoci buildah podman runc iptables qemu-user-static attr zstd xz-utils libarchive-tools apache2-utils openssl openssh-client ca-certificates zsh fish binutils chromium"
missing=
for package in $stable; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
if [ -n "$missing" ]; then
  apt-get update -qq
  # shellcheck disable=SC2086 # a list of words
  apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

[ -e "$prefix/complete" ] && [ -e "$prefix/bin/cosign" ] && { ls "$prefix/bin"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
  sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] \)\?\([^ ]*\) .*/\2/p' | head -n 1)
[ -n "$mirror" ] || { echo "install-peers: apt's sources name no mirror" >&2; exit 1; }
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$prefix/bin" "$prefix/libc"
: >"$work/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/sources.list"
unstable() {
  apt-get -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o Dir::State::status="$work/status" \
    -o APT::Sandbox::User=root -o APT::Install-Recommends=false -o Debug::NoLocking=1 "$@"
}
unstable update

# Go programs that are linked statically or need no newer libc than stable's
(cd "$work/cache/archives" && unstable download crane oras cosign umoci docker-registry docker.io docker-cli docker-buildx containerd)
for package in "$work"/cache/archives/*.deb; do
  dpkg-deb -x "$package" "$prefix/$(basename "$package" | sed 's/_.*//')"
done
rm -f "$work"/cache/archives/*.deb
for name in crane oras cosign umoci docker-registry; do ln -sf "$prefix/$name/usr/bin/$name" "$prefix/bin/$name"; done

# skopeo with the libraries that it needs
unstable install -y --download-only skopeo >/dev/null
for package in "$work"/cache/archives/*.deb; do dpkg-deb -x "$package" "$prefix/libc"; done
lib=$prefix/libc/usr/lib/$(uname -m)-linux-gnu
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$prefix/policy.json"
cat >"$prefix/bin/skopeo" <<END
#!/bin/sh
exec $lib/ld-linux-x86-64.so.2 --library-path $lib $prefix/libc/usr/bin/skopeo --policy $prefix/policy.json "\$@"
END

mkdir -p "$prefix/docker-config/cli-plugins"
ln -sf "$(find "$prefix/docker-buildx" -path '*cli-plugins/docker-buildx')" "$prefix/docker-config/cli-plugins/docker-buildx"
cat >"$prefix/bin/docker" <<END
#!/bin/sh
export DOCKER_CONFIG=\${DOCKER_CONFIG:-$prefix/docker-config}
exec $prefix/docker-cli/usr/bin/docker "\$@"
END
cat >"$prefix/bin/start-dockerd" <<END
#!/bin/sh
# start-dockerd DIR: starts Docker with a containerd image store and all its files in DIR, on DIR/docker.sock. Prints its pid.
mkdir -p "\$1"
echo '{"features":{"containerd-snapshotter":true},"bridge":"none","iptables":false,"ip6tables":false}' >"\$1/daemon.json"
export PATH=$prefix/containerd/usr/bin:$prefix/docker.io/usr/sbin:$prefix/docker.io/usr/bin:\$PATH
setsid dockerd --config-file "\$1/daemon.json" --data-root "\$1/data" --exec-root "\$1/exec" --pidfile "\$1/pid" \\
  --host "unix://\$1/docker.sock" >"\$1/log" 2>&1 </dev/null &
for attempt in \$(seq 150); do
  DOCKER_HOST=unix://\$1/docker.sock $prefix/bin/docker version >/dev/null 2>&1 && cat "\$1/pid" && exit 0
  sleep 0.2
done
tail -n 5 "\$1/log" >&2
exit 1
END
chmod +x "$prefix/bin/skopeo" "$prefix/bin/docker" "$prefix/bin/start-dockerd"
touch "$prefix/complete"
ls "$prefix/bin"
