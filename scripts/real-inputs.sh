#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes the inputs of `npm run test:real` from Debian's own packages, in the directories that the image family uses:
#
#   OUTPUT/base/<arch>      an image with a shell, coreutils and the compilers' libraries
#   OUTPUT/android/<arch>   an artifact image of the build platform with /opt/gcc-<version>, /opt/llvm-target and the family's other trees
#   OUTPUT/trees/<arch>     the trees from which the artifact images were made, for comparison
#   OUTPUT/versions         GCC_VERSION and LLVM_RELEASE of these packages
#
#   scripts/real-inputs.sh OUTPUT [ARCHITECTURE...]
#
# On arm64 and riscv64, gcc and g++ are #!/bin/sh wrappers; the ELF programs are beside them as <name>.real. umoci (from
# OCI_KIT_PEERS) writes the images, so oci-kit reads what another tool wrote. Needs root to keep owners. Idempotent.
set -eu
[ $# -ge 1 ] || { sed -n 's/^# \{0,1\}//p' "$0" | sed -n '3,13p' >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "real-inputs: trees that keep their owners need root" >&2; exit 1; }
output=$1
shift
[ $# -gt 0 ] || set -- amd64 arm64 riscv64
here=$(dirname "$(realpath "$0")")
umoci=${OCI_KIT_PEERS:-/opt/oci-kit-peers/bin}/umoci
[ -x "$umoci" ] || { echo "real-inputs: no umoci in OCI_KIT_PEERS; scripts/install-peers.sh brings it" >&2; exit 1; }

libraries="libstdc++6 libatomic1 libgcc-s1 zlib1g libzstd1 libxml2 libedit2 libffi8 libz3-4 libtinfo6 libgmp10 libmpc3 libmpfr6 libisl23"
# the other trees of the family: a few files in each, so that every step of the recipe has something to copy
others="usr/local/lib/onnxruntime-cpu opt/opencv5 opt/ffmpeg opt/gstreamer opt/libcamera opt/flutter opt/vulkan opt/android-sdk opt/android
 usr/local/rustup usr/local/cargo opt/armnn opt/acl"

# image LAYOUT ARCHITECTURE TREE: writes an image of one layer with umoci
image() {
  rm -rf "$1"
  mkdir -p "$(dirname "$1")"
  "$umoci" init --layout "$1"
  "$umoci" new --image "$1:latest"
  tar --sort=name --numeric-owner --xattrs --format=pax --pax-option=delete=atime,delete=ctime -C "$3" -cf "$work/layer.tar" .
  "$umoci" raw add-layer --image "$1:latest" "$work/layer.tar"
  "$umoci" config --image "$1:latest" --os linux --architecture "$2" --created 2026-01-01T00:00:00Z \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --config.env LANG=C.UTF-8
  "$umoci" gc --layout "$1"
}

# compilers ROOT TREE ARCHITECTURE: moves Debian's compilers to the family's directories
compilers() {
  triplet=$(basename "$1"/usr/lib/gcc/*)
  version=$(cat "$work/gcc-version")
  gcc=$2/opt/gcc-$version
  mkdir -p "$gcc/bin" "$gcc/libexec" "$gcc/lib" "$2/opt/llvm-target"
  cp -a "$1/usr/libexec/gcc" "$gcc/libexec/gcc"
  cp -a "$1/usr/lib/gcc" "$gcc/lib/gcc"
  for name in gcc g++ cpp gcov; do
    program=$1/usr/bin/$triplet-$name-14
    if [ "$3" = amd64 ]; then
      cp -a "$program" "$gcc/bin/$name"
    else
      cp -a "$program" "$gcc/bin/$name.real"
      printf '#!/bin/sh\nexec /opt/gcc-%s/bin/%s.real "$@"\n' "$version" "$name" >"$gcc/bin/$name"
      chmod 755 "$gcc/bin/$name"
    fi
  done
  ln -s gcc "$gcc/bin/$triplet-gcc"
  ln -s "/usr/include/$triplet" "$gcc/include"
  cp -a "$1/usr/lib/llvm-19/." "$2/opt/llvm-target/"
  for library in "$1/usr/lib/$triplet"/libLLVM.so.19.1 "$1/usr/lib/$triplet"/libclang-cpp.so.19.1; do
    rm -f "$2/opt/llvm-target/lib/$(basename "$library")"
    cp -aL "$library" "$2/opt/llvm-target/lib/"
  done
  for tool in llvm-ar llvm-ranlib; do
    [ -e "$2/opt/llvm-target/bin/$tool" ] || ln -s clang "$2/opt/llvm-target/bin/$tool"
  done
}

# family BASE TREE ARCHITECTURE: what the build half makes beside the compilers, as far as the policies of linux/oci-kit.yaml
# ask for it. One of Debian's libraries, stripped and of the right machine, stands for those of the media trees.
family() {
  triplet=$(basename "$(ls -d "$1"/usr/lib/*-linux-gnu)")
  library=$(ls "$1/usr/lib/$triplet"/libz.so.1.* | head -n 1)
  mkdir -p "$1/usr/local/bin"
  printf '#!/bin/sh\nexec "$@"\n' >"$1/usr/local/bin/entrypoint.sh"
  chmod 755 "$1/usr/local/bin/entrypoint.sh"
  ln -s dash "$1/usr/bin/bash"
  mkdir -p "$1/opt/venv/bin" "$1/usr/lib/jvm/java-21" "$1/usr/include/$triplet" "$1/etc/ld.so.conf.d"
  ln -s /usr/bin/true "$1/opt/venv/bin/python3"
  ln -s java-21 "$1/usr/lib/jvm/default-java"
  echo 'JAVA_VERSION="21"' >"$1/usr/lib/jvm/java-21/release"
  echo 'include /etc/ld.so.conf.d/*.conf' >"$1/etc/ld.so.conf"
  echo "/usr/lib/$triplet" >"$1/etc/ld.so.conf.d/$triplet.conf"
  for other in $others; do
    mkdir -p "$2/$other/bin"
    case $other in
      opt/android*) ;;
      opt/ffmpeg) cp "$library" "$2/$other/lib/libavcodec.so.61" ;;
      usr/local/lib/onnxruntime-cpu) cp "$library" "$2/$other/lib/libonnxruntime.so.1" ;;
      *) cp "$library" "$2/$other/lib/" ;;
    esac
  done
  # links to what Debian's packages have beside the directories that were moved
  find "$2/opt" -type l -lname '*../*-linux-gnu/*' -delete
  cp "$library" "$2/opt/python-cross-ft/$3/opt/python-freethreaded/bin/libpython.so"
  case $3 in amd64) host=x86_64 ;; arm64) host=aarch64 ;; *) host=$3 ;; esac
  mkdir -p "$2/opt/vulkan/1.4.335.0/$host/bin" "$2/opt/android-sdk/cmdline-tools/latest/bin" "$2/opt/android-sdk/platform-tools"
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$output"
for architecture in "$@"; do
  [ -e "$output/trees/$architecture.complete-2" ] && continue
  echo "real-inputs: $architecture"
  root=$work/root-$architecture base=$work/base-$architecture tree=$output/trees/$architecture
  rm -rf "$tree"
  mkdir -p "$tree"
  # shellcheck disable=SC2086 # lists of words
  "$here/debian-rootfs.sh" "$architecture" "$base" dash base-files base-passwd coreutils $libraries
  "$here/debian-rootfs.sh" "$architecture" "$root" dash base-files base-passwd coreutils gcc-14 g++-14 clang-19
  ls "${OCI_KIT_DEBIAN_CACHE:-/var/cache/oci-kit-debian}/$architecture"/*/archives |
    sed -n 's/^gcc-14_\([0-9.]*\)-.*/\1/p' | head -n 1 >"$work/gcc-version"
  ls "${OCI_KIT_DEBIAN_CACHE:-/var/cache/oci-kit-debian}/$architecture"/*/archives |
    sed -n 's/^clang-19_1%3a\([0-9.]*\)-.*/\1/p' | head -n 1 >"$work/llvm-version"
  compilers "$root" "$tree" "$architecture"
  for other in $others; do
    mkdir -p "$tree/$other/lib"
    echo "$other of $architecture" >"$tree/$other/lib/about.txt"
    ln "$tree/$other/lib/about.txt" "$tree/$other/lib/about-too.txt"
    ln -s "/$other/lib/about.txt" "$tree/$other/link"
  done
  python="opt/python-cross-ft/$architecture/opt/python-freethreaded"
  mkdir -p "$tree/$python/bin"
  echo "python of $architecture" >"$tree/$python/bin/python3"
  family "$base" "$tree" "$architecture"
  image "$output/base/$architecture" "$architecture" "$base"
  # artifact images have the build platform, although their files are for the target
  image "$output/android/$architecture" amd64 "$tree"
  printf 'GCC_VERSION=%s\nLLVM_RELEASE=%s\n' "$(cat "$work/gcc-version")" "$(cat "$work/llvm-version")" >"$output/versions"
  rm -rf "$root" "$base"
  touch "$output/trees/$architecture.complete-2"
done
cat "$output/versions"
