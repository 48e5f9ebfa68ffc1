// SPDX-License-Identifier: MIT
import { fromText, type ByteString } from "../../bytes/byte-string.ts";
import { elfArchitecture } from "../../elf/elf-header.ts";
import type { ElfObject } from "../../elf/read-elf.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";

/** The usual loader paths by architecture (glibc's ABI list; musl's `ld-musl-<arch>.so.1`). */
const LOADERS: Readonly<Record<string, readonly string[]>> = {
  "386": ["/lib/ld-linux.so.2", "/lib/ld-musl-i386.so.1"],
  amd64: ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1"],
  arm: ["/lib/ld-linux-armhf.so.3", "/lib/ld-linux.so.3", "/lib/ld-musl-armhf.so.1"],
  arm64: ["/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-aarch64.so.1"],
  loong64: ["/lib64/ld-linux-loongarch-lp64d.so.1", "/lib/ld-musl-loongarch64.so.1"],
  ppc64le: ["/lib64/ld64.so.2", "/lib/ld-musl-powerpc64le.so.1"],
  riscv64: ["/lib/ld-linux-riscv64-lp64d.so.1", "/lib/ld-musl-riscv64.so.1"],
  s390x: ["/lib/ld64.so.1", "/lib/ld-musl-s390x.so.1"],
};

/** The paths of all architectures. */
export const USUAL_LOADERS = Object.values(LOADERS).flat().map(fromText);

/** The loader of a root for an object that names none, such as a library; empty when the root has none of the usual ones. */
export function findLoader(root: RootFilesystem, object: ElfObject): ByteString {
  const paths = (LOADERS[elfArchitecture(object) ?? ""] ?? []) as readonly ByteString[];
  return paths.find((path) => tracePath(root, path).node !== undefined) ?? ("" as ByteString);
}
