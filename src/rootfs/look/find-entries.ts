// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { nameOf } from "../../layer/path-parts.ts";
import type { Glob } from "../glob.ts";
import type { Node } from "../root-filesystem.ts";
import { walkBelow } from "../walk-filesystem.ts";
import { typeOfNode, type DescribedFilesystem, type EntryType } from "./describe-entries.ts";
import { lookUp, type FoundPath, type LookUpOptions } from "./look-up.ts";

/** What is looked for. All that is given has to hold. */
export interface FindQuery {
  /** Of these patterns one has to match the last component. That of the root is `/`. */
  readonly name?: readonly Glob[] | undefined;
  /** Of these patterns one has to match the whole absolute path. */
  readonly path?: readonly Glob[] | undefined;
  readonly types?: readonly EntryType[] | undefined;
  /** Bytes of content, both bounds included. */
  readonly size?: { readonly from: number; readonly to: number } | undefined;
  readonly mode?: ModeQuery | undefined;
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  /** Only what was modified later than this. */
  readonly newerThan?: Pick<Node, "mtime" | "mtimeNanoseconds"> | undefined;
}

/** Permission bits: the mode has exactly these, all of these, or any of these. */
export interface ModeQuery {
  readonly match: "exactly" | "all" | "any";
  readonly bits: number;
}

/**
 * Everything at and below a path that the query asks for, parents before children, names in the order of
 * their bytes. Links are not followed, except among the parents of the path, and at its end with `follow`.
 * @throws OciError as `lookUp`; what the filesystem throws
 */
export function* findEntries(
  root: DescribedFilesystem,
  path: ByteString,
  query: FindQuery,
  options: LookUpOptions = {},
): Generator<FoundPath> {
  const start = lookUp(root, path, { follow: false, ...options });
  for (const [at, node] of walkBelow(root, start.path)) {
    const isWanted = query.types?.includes(typeOfNode(root, node)) !== false;
    if (isWanted && matchesQuery(at, node, query)) yield { path: at, node };
  }
}

function matchesQuery(path: ByteString, node: Node, query: FindQuery): boolean {
  const { name, path: whole, size, mode, uid, gid, newerThan } = query;
  const last = path === "/" ? path : nameOf(path);
  return (
    name?.some((glob) => glob.matches(last)) !== false &&
    whole?.some((glob) => glob.matches(path)) !== false &&
    (size === undefined || isWithin(node, size)) &&
    (mode === undefined || hasMode(node, mode)) &&
    (uid === undefined || node.uid === uid) &&
    (gid === undefined || node.gid === gid) &&
    (newerThan === undefined || isNewer(node, newerThan))
  );
}

/** Only files have a size that is the same wherever the tree lies. */
function isWithin(node: Node, { from, to }: NonNullable<FindQuery["size"]>): boolean {
  return node.type === "file" && node.size >= from && node.size <= to;
}

function hasMode(node: Node, { match, bits }: ModeQuery): boolean {
  switch (match) {
    case "exactly":
      return node.mode === bits;
    case "all":
      return (node.mode & bits) === bits;
    case "any":
      return bits === 0 || (node.mode & bits) !== 0;
  }
}

function isNewer(node: Node, than: Pick<Node, "mtime" | "mtimeNanoseconds">): boolean {
  if (node.mtime !== than.mtime) return node.mtime > than.mtime;
  return node.mtimeNanoseconds > than.mtimeNanoseconds;
}
