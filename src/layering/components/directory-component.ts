// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";

/** `/opt/toolchains/llvm/lib` has four; below that, one directory is one component. */
const DEPTH = 4;

/** Directories that everything installed shares, wherever they are: what is in them does not belong together. */
const SHARED = new Set(
  [
    ...["usr", "local", "opt", "etc", "var", "bin", "sbin", "lib", "lib32", "lib64", "libx32"],
    ...["libexec", "include", "share", "doc", "man", "locale", "pkgconfig", "cmake"],
    ...["python3", "dist-packages", "site-packages"],
  ].map((name) => name as ByteString),
);
/** `x86_64-linux-gnu` below `/usr/lib`, and `man1`. */
const SHARED_FORM = /^(?:[a-z0-9_]+-linux-(?:gnu|musl)[a-z0-9_]*|man\d[a-z]*)$/;

/**
 * The component of a path that no record and no declaration names: its directory, cut after {@link DEPTH} levels. What is
 * in a directory that others share is one each, a file there with all whose names are the same to the first dot.
 */
export function directoryComponent(path: ByteString): ByteString {
  const names = path.slice(1).split("/") as ByteString[];
  const directories = names.length - 1;
  let shared = 0;
  while (shared < directories && isShared(names[shared]!)) shared += 1;
  const depth = Math.max(shared + 1, Math.min(DEPTH, directories));
  const taken = names.slice(0, depth);
  if (depth > directories) taken.push(untilDot(taken.pop()!));
  return `/${taken.join("/")}` as ByteString;
}

function isShared(name: ByteString): boolean {
  return SHARED.has(name) || SHARED_FORM.test(name);
}

/** `libssl` for `libssl.so.3`; a name that begins with a dot is taken to the next. */
function untilDot(name: ByteString): ByteString {
  const dot = name.indexOf(".", 1);
  return (dot < 0 ? name : name.slice(0, dot)) as ByteString;
}
