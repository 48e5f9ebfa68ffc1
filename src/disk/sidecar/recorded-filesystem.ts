// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { RecordedTree } from "./recorded-tree.ts";

const NONE: readonly ByteString[] = [];

/** The unpacked tree that a sidecar records, as a root filesystem whose files cannot be read. */
export function viewRecorded(sidecar: string, { paths }: RecordedTree): RootFilesystem {
  let names: ReadonlyMap<string, readonly ByteString[]> | undefined;
  return {
    name: sidecar,
    lstat: (path) => paths.get(path)?.node,
    list(path) {
      names ??= namesByDirectory(paths.keys());
      return names.get(path === "/" ? "" : path) ?? NONE;
    },
    read() {
      throw new OciError("unsupported-operation", `${sidecar}: it holds no contents`);
    },
  };
}

/** The names in each directory, sorted if the paths come in the order of a walk. */
function namesByDirectory(paths: Iterable<ByteString>): ReadonlyMap<string, readonly ByteString[]> {
  const names = new Map<string, ByteString[]>();
  for (const path of paths) {
    if (path === "/") continue;
    const slash = path.lastIndexOf("/");
    const directory = path.slice(0, slash);
    const name = path.slice(slash + 1) as ByteString;
    const known = names.get(directory);
    if (known === undefined) names.set(directory, [name]);
    else known.push(name);
  }
  return names;
}
