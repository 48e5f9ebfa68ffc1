// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { directoryPaths } from "../layer-index/directory-paths.ts";
import { RECORD_TYPES, type LayerIndex } from "../layer-index/layer-index.ts";

/**
 * Whether what a layer does can be told without the layers below it: every directory that it puts something into,
 * or removes something from, is an entry of its own before that, and every hard link leads to an earlier entry. Else
 * a link of a lower layer may lead elsewhere: `lib/x` goes to `/usr/lib/x` where `/lib` is a link.
 */
export function isGrounded(index: LayerIndex): boolean {
  const { columns, counts, string } = index;
  const paths = directoryPaths(index);
  const ids = directoryIds(index);
  const stated = new Set([0]);
  const files = new Set<string>();
  for (let record = 0; record < counts.records; record += 1) {
    const directory = columns.directory[record]!;
    if (!stated.has(directory)) return false;
    const name = columns.name[record]!;
    const type = RECORD_TYPES[columns.type[record]!]!;
    const own = ids.get(`${directory}/${name}`);
    if (type === "directory") {
      if (own !== undefined) stated.add(own);
      continue;
    }
    if (own !== undefined && stated.has(own)) return false;
    if (type === "hardlink" && !files.has(string(columns.link[record]!))) return false;
    files.add(`${paths[directory]!}/${string(name)}`);
  }
  return columns.removalDirectory.every((directory) => stated.has(directory));
}

/** The numbers of directories by the number of their parent and that of their name. */
function directoryIds({ columns }: LayerIndex): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (let id = 1; id < columns.directoryParent.length; id += 1) {
    ids.set(`${columns.directoryParent[id]!}/${columns.directoryName[id]!}`, id);
  }
  return ids;
}

/** What layers hide of those below them. */
export interface Hidden {
  /** Adds what a layer hides. */
  add(index: LayerIndex): void;
  /** Whether nothing of the layers below is seen at a path. */
  hides(path: ByteString): boolean;
  /** Whether nothing of the layers below is seen in a directory. */
  hidesBelow(path: ByteString): boolean;
}

export function createHidden(): Hidden {
  /** Removed by a whiteout, or replaced by what is no directory. */
  const gone = new Set<string>();
  const opaque = new Set<string>();
  const hides = (path: ByteString): boolean => {
    for (let at: string = path; at !== "" && at !== "/"; at = at.slice(0, at.lastIndexOf("/"))) {
      if (gone.has(at) || opaque.has(at.slice(0, at.lastIndexOf("/")))) return true;
    }
    return false;
  };
  return {
    add(index) {
      const { columns, counts, string } = index;
      const paths = directoryPaths(index);
      for (let record = 0; record < counts.records; record += 1) {
        if (RECORD_TYPES[columns.type[record]!] === "directory") continue;
        gone.add(`${paths[columns.directory[record]!]!}/${string(columns.name[record]!)}`);
      }
      for (const [at, id] of columns.removalDirectory.entries()) {
        const name = string(columns.removalName[at]!);
        if (name === "") opaque.add(paths[id]!);
        else gone.add(`${paths[id]!}/${name}`);
      }
    },
    hides,
    hidesBelow: (path) => opaque.has(path === "/" ? "" : path) || hides(path),
  };
}
