#!/bin/sh
# SPDX-License-Identifier: MIT
# target-gcc.sh ARCHITECTURE ARGUMENT...: the gcc of this machine that compiles for an architecture
set -eu
case $1 in
  amd64) triplet=x86_64-linux-gnu ;;
  arm64) triplet=aarch64-linux-gnu ;;
  riscv64) triplet=riscv64-linux-gnu ;;
  *) echo "target-gcc: expected amd64, arm64 or riscv64, got $1" >&2; exit 1 ;;
esac
shift
exec "$triplet-gcc-$DEBIAN_GCC" "$@"
