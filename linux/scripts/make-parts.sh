#!/bin/sh
# SPDX-License-Identifier: MIT
# make-parts.sh ARCHITECTURE DIRECTORY:NAME...: compiles a library and a program for that architecture into each directory
set -eu
architecture=$1
shift
source=/usr/local/src/family/part.c
for part in "$@"; do
  directory=${part%:*} name=${part##*:}
  mkdir -p "$directory/bin" "$directory/lib"
  target-gcc.sh "$architecture" -O2 -s -shared -fPIC -DPART="\"$name\"" -Wl,-soname,"lib$name.so.1" -o "$directory/lib/lib$name.so.1.0" "$source"
  ln -s "lib$name.so.1.0" "$directory/lib/lib$name.so.1"
  ln -s "lib$name.so.1" "$directory/lib/lib$name.so"
  target-gcc.sh "$architecture" -O2 -s -DPART="\"$name\"" -DPROGRAM -o "$directory/bin/$name" "$source"
done
