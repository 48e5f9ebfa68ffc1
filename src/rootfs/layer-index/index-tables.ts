// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Entry } from "../../layer/entry.ts";
import type { OciError } from "../../oci/errors.ts";
import { limitExceeded } from "../../oci/limits.ts";
import { packMap } from "./packed-map.ts";
import type { Columns } from "./layer-index.ts";

/** The columns of an index while it is made. */
export type Rows = Record<keyof Columns, number[]>;

type IdOf = (text: ByteString) => number;

/** Stores each set of attributes once, and numbers it. */
export interface AttributeTable {
  idOf(entry: Entry): number;
}

/** Numbers directories by their paths (normalised; the root is the empty path or `/`). */
export interface DirectoryTable {
  idOf(path: ByteString): number;
  /** Records that an entry has this path. */
  state(path: ByteString): void;
}

/** Keeps owner, mode and the like once for all entries that share them. */
export function createAttributeTable(rows: Rows, stringId: IdOf, blobId: IdOf): AttributeTable {
  const ids = new Map<string, number>();
  return {
    idOf(entry) {
      // Only devices have device numbers, whatever the header of a file or a pipe says.
      const isDevice = entry.type === "character" || entry.type === "block";
      const values = {
        mode: entry.mode,
        uid: entry.uid,
        gid: entry.gid,
        deviceMajor: isDevice ? entry.deviceMajor : 0,
        deviceMinor: isDevice ? entry.deviceMinor : 0,
        userName: stringId(entry.userName),
        groupName: stringId(entry.groupName),
        xattrs: blobId(packMap(entry.xattrs)),
        extensions: blobId(packMap(entry.extensions)),
      } as const;
      const key = Object.values(values).join();
      const known = ids.get(key);
      if (known !== undefined) return known;
      ids.set(key, ids.size);
      for (const [name, value] of Object.entries(values)) rows[name as keyof Rows].push(value);
      return ids.size - 1;
    },
  };
}

/** The limits of a directory table. */
export interface DirectoryBounds {
  /** The largest number of directories: a single path of 64 KiB can imply 32,000 without an entry of their own. */
  readonly most: number;
  /** The largest total length of their paths in bytes, beyond the length of the paths that have entries. */
  readonly mostImplied: number;
  /** What to call the layer in messages. */
  readonly what: string;
}

/**
 * All directories on the paths of entries, kept as a tree: a deep path costs only its new components.
 * `idOf` throws OciError `limit-exceeded`.
 */
export function createDirectoryTable(
  rows: Rows,
  stringId: IdOf,
  { most, mostImplied, what }: DirectoryBounds,
): DirectoryTable {
  const below: (Map<string, number> | undefined)[] = [undefined];
  rows.directoryParent.push(0);
  rows.directoryName.push(0);
  let last = { path: "" as ByteString, id: 0 };
  const lengths = [0];
  let [stated, all] = [0, 0];
  const child = (parent: number, name: string): number => {
    const known = below[parent]?.get(name);
    if (known !== undefined) return known;
    const length = lengths[parent]! + 1 + name.length;
    lengths.push(length);
    all += length;
    if (all > mostImplied + stated) throw tooLongPaths(mostImplied, what);
    const id = below.push(undefined) - 1;
    if (id > most) throw tooManyDirectories(most, what);
    rows.directoryParent.push(parent);
    rows.directoryName.push(stringId(name as ByteString));
    (below[parent] ??= new Map()).set(name, id);
    return id;
  };
  return {
    idOf(path) {
      if (path !== last.path) last = { path, id: componentsOf(path).reduce(child, 0) };
      return last.id;
    },
    state(path) {
      stated += path.length;
    },
  };
}

function tooLongPaths(most: number, what: string): OciError {
  return limitExceeded({
    what,
    limit: "impliedPathBytes",
    allowed: most,
    unit: "bytes of paths of directories that have no entry of their own",
  });
}

function tooManyDirectories(most: number, what: string): OciError {
  return limitExceeded({
    what,
    limit: "entries",
    allowed: most,
    unit: "directories that its paths go through",
  });
}

function componentsOf(path: ByteString): string[] {
  return path.length <= 1 ? [] : path.slice(1).split("/");
}
