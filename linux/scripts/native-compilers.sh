#!/bin/sh
# SPDX-License-Identifier: MIT
# native-compilers.sh ARCHITECTURE GCC_VERSION LLVM_RELEASE: Debian's gcc and clang for that architecture, in /opt/gcc-VERSION and
# /opt/llvm-target. Elsewhere than on amd64, gcc is a #!/bin/sh wrapper with the program beside it as gcc.real.
set -eu
architecture=$1 gcc_version=$2 llvm_release=$3
gcc_major=${gcc_version%%.*} llvm_major=${llvm_release%%.*}
root=$(mktemp -d)
debian-rootfs "$architecture" "$root" "gcc-$gcc_major" "g++-$gcc_major" "clang-$llvm_major"

# what Debian has now decides: a directory must not be called by a version that isn't in it
check() {
  found=$(ls /var/cache/oci-kit-debian/"$architecture"/*/archives | sed -n "s/^$1_\(1%3a\)\{0,1\}\([0-9.]*\)-.*/\2/p" | sort -u | tail -n 1)
  [ "$found" = "$2" ] || { echo "native-compilers: expected $1 $2, got $found from Debian: set $3=$found" >&2; exit 1; }
}
check "gcc-$gcc_major" "$gcc_version" GCC_VERSION
check "clang-$llvm_major" "$llvm_release" LLVM_RELEASE

triplet=$(basename "$root"/usr/lib/gcc/*)

# complete DIRECTORY: Debian keeps the compilers' shared libraries beside all others. A link to one of them gets it into its own
# directory; one to what no package brings is removed.
complete() {
  find "$1" -xtype l -lname '*/*' | while read -r link; do
    [ -L "$link" ] || continue
    name=$(basename "$(readlink "$link")") place=$(dirname "$link")
    rm "$link"
    [ -e "$root/usr/lib/$triplet/$name" ] || continue
    [ -e "$place/$name" ] || cp -L --remove-destination "$root/usr/lib/$triplet/$name" "$place/$name"
    [ -e "$link" ] || ln -s "$name" "$link"
  done
  find "$1" -xtype l -delete
}

gcc=/opt/gcc-$gcc_version
mkdir -p "$gcc/bin" "$gcc/lib" "$gcc/libexec" /opt/llvm-target
cp -a "$root/usr/libexec/gcc" "$gcc/libexec/gcc"
cp -a "$root/usr/lib/gcc" "$gcc/lib/gcc"
for name in gcc g++ cpp gcov; do
  program=$root/usr/bin/$triplet-$name-$gcc_major
  if [ "$architecture" = amd64 ]; then
    cp -a "$program" "$gcc/bin/$name"
  else
    cp -a "$program" "$gcc/bin/$name.real"
    printf '#!/bin/sh\nexec %s/bin/%s.real "$@"\n' "$gcc" "$name" >"$gcc/bin/$name"
    chmod 755 "$gcc/bin/$name"
  fi
done
ln -s gcc "$gcc/bin/$triplet-gcc"
mkdir -p "$gcc/$triplet"
ln -s "/usr/lib/$triplet" "$gcc/$triplet/lib"
ln -s "/usr/include/$triplet" "$gcc/$triplet/include"
# C++: the headers, where gcc and clang look for them beside this gcc
mkdir -p "$gcc/include/c++" "$gcc/include/$triplet/c++"
cp -a "$root/usr/include/c++/$gcc_major" "$gcc/include/c++/"
cp -a "$root/usr/include/$triplet/c++/$gcc_major" "$gcc/include/$triplet/c++/"
cp -a "$root/usr/lib/llvm-$llvm_major/." /opt/llvm-target/
for library in "$root/usr/lib/$triplet"/libLLVM.so.* "$root/usr/lib/$triplet"/libclang-cpp.so.*; do
  cp -aL --remove-destination "$library" /opt/llvm-target/lib/
done
complete "$gcc/lib"
complete /opt/llvm-target/lib
for name in clang clang++; do echo "--gcc-toolchain=$gcc" >"/opt/llvm-target/bin/$name.cfg"; done
for tool in llvm-ar llvm-ranlib; do
  [ -e "/opt/llvm-target/bin/$tool" ] || ln -s clang "/opt/llvm-target/bin/$tool"
done
rm -rf "$root"
