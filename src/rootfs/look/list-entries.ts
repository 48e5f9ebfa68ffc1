// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { RootFilesystem } from "../root-filesystem.ts";
import { walkBelow } from "../walk-filesystem.ts";
import { lookUp, type FoundPath, type LookUpOptions } from "./look-up.ts";

export interface ListOptions extends LookUpOptions {
  /** Whether also everything below is listed, parents before children (default false). */
  readonly recursive?: boolean | undefined;
}

/**
 * What is in the directory that a path leads to, sorted by the bytes of the names; for a path that leads to
 * anything else, that alone. Names that begin with a dot are there too.
 * @throws OciError as `lookUp`; what the filesystem throws
 */
export function* listEntries(
  root: RootFilesystem,
  path: ByteString,
  { recursive = false, ...options }: ListOptions = {},
): Generator<FoundPath> {
  const start = lookUp(root, path, options);
  if (start.node.type !== "directory") {
    yield start;
  } else if (recursive) {
    for (const [at, node] of walkBelow(root, start.path)) {
      if (at !== start.path) yield { path: at, node };
    }
  } else {
    const prefix = start.path === "/" ? "/" : `${start.path}/`;
    for (const name of root.list(start.path)) {
      const at = `${prefix}${name}` as ByteString;
      const node = root.lstat(at);
      if (node !== undefined) yield { path: at, node };
    }
  }
}
