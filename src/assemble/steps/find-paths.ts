// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { resolvePath } from "../../rootfs/resolve-path.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { Glob } from "../../rootfs/glob.ts";
import { joinPath } from "../recipe/recipe-path.ts";

/** A path that a pattern matches. */
export interface FoundPath {
  /** The path as the pattern names it. */
  readonly path: ByteString;
  /** The same path with links among its parents resolved. */
  readonly canonical: ByteString;
}

/**
 * The paths that a pattern matches in a root, sorted by bytes. Links in the pattern's leading plain
 * components are followed inside the root; links below those, and a link that is itself the match, are not
 * followed. What is below a match belongs to it and is not searched.
 */
export function findPaths(root: RootFilesystem, glob: Glob): FoundPath[] {
  const start = resolvePath(root, glob.prefix, { followLast: !glob.literal });
  if (start.node === undefined) return [];
  if (glob.literal) return [{ path: glob.prefix, canonical: start.path }];
  const found: FoundPath[] = [];
  const pending: FoundPath[] = [{ path: glob.prefix, canonical: start.path }];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (root.lstat(at.canonical)?.type !== "directory") continue;
    const below = at.path.split("/").length < glob.depth;
    for (const name of below ? root.list(at.canonical) : []) {
      const next = {
        path: `${at.path}/${name}` as ByteString,
        canonical: joinPath(at.canonical, name),
      };
      (glob.matches(next.path) ? found : pending).push(next);
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
