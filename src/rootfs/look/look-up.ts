// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { parentOf } from "../../layer/path-parts.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { resolvePath, type Resolution } from "../resolve-path.ts";
import type { Node, RootFilesystem } from "../root-filesystem.ts";

/** A path of a root filesystem, absolute and without links among its parents, and what is there. */
export interface FoundPath {
  readonly path: ByteString;
  readonly node: Node;
}

/** How paths that people name are looked up. */
export interface LookUpOptions {
  /** Whether a link at the very end is followed (default true). Links among the parents are always followed. */
  readonly follow?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
}

/**
 * What a path leads to, inside the root, as for a process there. A path without a leading slash starts at the
 * root too.
 * @throws OciError `not-found`, saying what exists of the path; `link-loop`; what the filesystem throws
 */
export function lookUp(
  root: RootFilesystem,
  path: ByteString,
  { follow, limits }: LookUpOptions = {},
): FoundPath {
  const found = resolvePath(root, path, { followLast: follow, limits });
  if (found.node === undefined) throw notThere(root, path, found);
  return { path: found.path, node: found.node };
}

function notThere(
  root: RootFilesystem,
  asked: ByteString,
  { hops, path, stop }: Resolution,
): OciError {
  const at = stop?.path ?? path;
  const nearest = stop?.why === "not-a-directory" ? at : nearestParent(root, at);
  const last = hops.at(-1);
  const way =
    last === undefined ? "" : `; ${toText(last.path)} is a link to ${toText(last.target)}`;
  const end =
    stop?.why === "not-a-directory"
      ? `${toText(at)} is no directory`
      : `the nearest that exists is ${toText(nearest)}`;
  return new OciError(
    "not-found",
    `${root.name}: ${toText(asked)}: expected a path that exists, got nothing at ${toText(path)}; ${end}${way}`,
    {
      details: { path: asked, nearest },
      ...(last && { hint: "To look at the link itself: --no-follow, or stat." }),
    },
  );
}

/** The longest part of a path that exists. */
function nearestParent(root: RootFilesystem, path: ByteString): ByteString {
  let parent = parentOf(path);
  while (parent !== "/" && root.lstat(parent) === undefined) parent = parentOf(parent);
  return parent;
}

/**
 * The content of the file that a path leads to.
 * @throws OciError as {@link lookUp}; `invalid-argument` for what is no regular file
 */
export function lookUpFile(
  root: RootFilesystem,
  path: ByteString,
  options: LookUpOptions = {},
): FoundPath {
  const found = lookUp(root, path, options);
  const { type } = found.node;
  if (type === "file") return found;
  throw new OciError(
    "invalid-argument",
    `${root.name}: ${toText(found.path)}: expected a file, got a ${TYPE_NAMES[type]}`,
    {
      details: { path: found.path, type },
      ...(type === "directory" && {
        hint: `To see what is in it: oci-kit ls REF ${toText(found.path)}`,
      }),
    },
  );
}

const TYPE_NAMES: Readonly<Record<Node["type"], string>> = {
  file: "file",
  directory: "directory",
  symlink: "symbolic link",
  character: "character device",
  block: "block device",
  fifo: "named pipe",
  socket: "socket",
};
