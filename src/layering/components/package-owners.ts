// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import { tracePath } from "../../rootfs/resolve-path.ts";

/** A file that a record of packages names. */
export interface PackageFile {
  readonly path: ByteString;
  readonly name: ByteString;
  /** What the package was built from, if the record says so. */
  readonly source: ByteString | undefined;
}

/** Which package has a path, and what each package was built from, as the records of an image say. */
export interface PackageOwners {
  /** A path that is not in the image is ignored; of several packages that name one, the first by name has it. */
  addFile(path: ByteString, name: ByteString): void;
  /** Of several sources of one package the first by name holds. */
  addSource(name: ByteString, source: ByteString): void;
  of(path: ByteString): ByteString | undefined;
  /** Its own name for a package of which no record says more. */
  sourceOf(name: ByteString): ByteString;
}

/** Longer paths in records are ignored: looking one up takes time in proportion to its square. */
const LONGEST = 1024;
/** So many different directories of records are looked up; a root filesystem of 3.9 GB has 5,000. */
const MOST_DIRECTORIES = 100_000;
/** `/lib` to `/usr/lib` is one. Links may have long targets, so few of them are followed. */
const LINK_HOPS = 4;

/** Records name paths as they were before `/bin` became a link to `/usr/bin`: links on the way to a file are followed. */
export function createPackageOwners(root: ImageFilesystem): PackageOwners {
  const owners = new Map<ByteString, ByteString>();
  const sources = new Map<ByteString, ByteString>();
  /** Where the directories that records name really are: a record names few of them, many times. */
  const directories = new Map<ByteString, string | undefined>([["" as ByteString, ""]]);
  const directoryAt = (path: ByteString): string | undefined => {
    if (directories.has(path) || directories.size > MOST_DIRECTORIES) return directories.get(path);
    const found = tracePath(root, path, { limits: { linkHops: LINK_HOPS } });
    const real = found.path === "/" ? "" : found.path;
    directories.set(path, found.node?.type === "directory" ? real : undefined);
    return directories.get(path);
  };
  return {
    addFile(path, name) {
      if (path.length > LONGEST || !path.startsWith("/")) return;
      const slash = path.lastIndexOf("/");
      const directory = directoryAt(path.slice(0, slash) as ByteString);
      if (directory === undefined) return;
      const real = `${directory}/${path.slice(slash + 1)}` as ByteString;
      if (root.lstat(real) !== undefined) putFirst(owners, real, name);
    },
    addSource: (name, source) => putFirst(sources, name, source),
    of: (path) => owners.get(path),
    sourceOf: (name) => sources.get(name) ?? name,
  };
}

function putFirst(map: Map<ByteString, ByteString>, key: ByteString, value: ByteString): void {
  const other = map.get(key);
  if (other === undefined || value < other) map.set(key, value);
}
