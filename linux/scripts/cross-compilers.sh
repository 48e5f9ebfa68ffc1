#!/bin/sh
# SPDX-License-Identifier: MIT
# cross-compilers.sh TARGETS VERSION: Debian's gcc of that version for each target ("amd64,arm64"), for this machine
set -eu
targets=$1 version=$2
here=$(dpkg --print-architecture)
packages="gcc-$version g++-$version libc6-dev"
for target in $(echo "$targets" | tr , ' '); do
  [ "$target" = "$here" ] && continue
  case $target in
    amd64) name=x86-64-linux-gnu ;;
    arm64) name=aarch64-linux-gnu ;;
    riscv64) name=riscv64-linux-gnu ;;
    *) echo "cross-compilers: expected amd64, arm64 or riscv64, got $target" >&2; exit 1 ;;
  esac
  packages="$packages gcc-$version-$name g++-$version-$name libc6-dev-$target-cross"
done
# shellcheck disable=SC2086 # a list of words
debian-rootfs "$here" / $packages
