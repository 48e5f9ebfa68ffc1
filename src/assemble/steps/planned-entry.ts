// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { Digest } from "../../oci/digest.ts";
import { makeBlankNode } from "../../rootfs/blank-node.ts";
import type { ImageFilesystem } from "../../rootfs/image-filesystem.ts";
import type { Node, NodeType, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { CopyStep, Owner } from "../recipe/recipe.ts";

/** An opened artifact. */
export interface ArtifactTree {
  /** The artifact's name in the recipe. */
  readonly name: string;
  /** The digest of the image's manifest or, for a plain directory, of its file tree. */
  readonly digest: Digest;
  readonly root: RootFilesystem;
  /** The same root if the artifact is an image, whose contents are read layer by layer; otherwise undefined. */
  readonly image: ImageFilesystem | undefined;
  /** Where the layers of that image can be taken from as they stand; undefined for a plain directory. */
  readonly origin: ReadableStore | undefined;
}

/** What a layer will have at one path. */
export interface PlannedEntry {
  /** All metadata. The time of an entry that we make is set when the layer is arranged. */
  readonly node: Node;
  /** Where the entry is copied from; undefined for entries that the recipe makes. */
  readonly copied: CopiedFrom | undefined;
  /** The content of a file that the recipe makes. */
  readonly content: Uint8Array | undefined;
  /** True for a parent directory that no step names and the base lacks. */
  readonly implied: boolean;
}

/** Where in an artifact an entry comes from. */
export interface CopiedFrom {
  readonly tree: ArtifactTree;
  readonly path: ByteString;
  /** The node in the artifact. Two paths with the same node are hard links. */
  readonly node: Node;
}

const EMPTY = "" as ByteString;

/** The input of {@link makeNode}. */
export interface NodeInit {
  readonly type: NodeType;
  readonly mode: number;
  readonly owner?: Owner | undefined;
  readonly size?: number | undefined;
  readonly linkTarget?: ByteString | undefined;
}

/** The node of an entry that the recipe makes, with owner 0:0 by default and time 0. */
export function makeNode({ type, mode, owner, size, linkTarget }: NodeInit): Node {
  const node = makeBlankNode(type, mode);
  if (owner !== undefined) [node.uid, node.gid] = [owner.uid, owner.gid];
  if (size !== undefined) node.size = size;
  if (linkTarget !== undefined) node.linkTarget = linkTarget;
  return node;
}

/** The fields that {@link changeNode} can change. */
export type NodeChange = Partial<
  Pick<
    Node,
    | "mode"
    | "uid"
    | "gid"
    | "userName"
    | "groupName"
    | "mtime"
    | "mtimeNanoseconds"
    | "xattrs"
    | "contentDigest"
  >
>;

/**
 * The node with something changed. `head` is left out, because reading that property may read the file. (No
 * object spread: an object made by one takes V8 kilobytes, and there may be one for every entry.)
 */
export function changeNode(node: Node, change: NodeChange): Node {
  return {
    type: node.type,
    mode: change.mode ?? node.mode,
    uid: change.uid ?? node.uid,
    gid: change.gid ?? node.gid,
    userName: change.userName ?? node.userName,
    groupName: change.groupName ?? node.groupName,
    mtime: change.mtime ?? node.mtime,
    mtimeNanoseconds: change.mtimeNanoseconds ?? node.mtimeNanoseconds,
    size: node.size,
    linkTarget: node.linkTarget,
    deviceMajor: node.deviceMajor,
    deviceMinor: node.deviceMinor,
    xattrs: change.xattrs ?? node.xattrs, // the getter may read the disk
    extensions: node.extensions,
    contentDigest: change.contentDigest ?? node.contentDigest,
    head: undefined,
  };
}

/** The node with a copy step's changes; the very same object if the step changes nothing. */
export function copyNode(node: Node, step: CopyStep, sourceDateEpoch: number | undefined): Node {
  const { owner, mode } = step;
  const bits =
    node.type === "directory" ? mode?.directories : node.type === "file" ? mode?.files : undefined;
  const late =
    step.times === "clamp" &&
    sourceDateEpoch !== undefined &&
    (node.mtime > sourceDateEpoch || (node.mtime === sourceDateEpoch && node.mtimeNanoseconds > 0));
  if (owner === undefined && bits === undefined && !late) return node;
  return changeNode(node, {
    ...(owner && { uid: owner.uid, gid: owner.gid, userName: EMPTY, groupName: EMPTY }),
    ...(bits !== undefined && { mode: bits }),
    ...(late && { mtime: sourceDateEpoch, mtimeNanoseconds: 0 }),
  });
}

/** Whether two nodes would be written with the same metadata. */
export function sameMetadata(a: Node, b: Node): boolean {
  return (
    a === b ||
    (a.mode === b.mode &&
      a.uid === b.uid &&
      a.gid === b.gid &&
      a.userName === b.userName &&
      a.groupName === b.groupName &&
      a.mtime === b.mtime &&
      a.mtimeNanoseconds === b.mtimeNanoseconds)
  );
}
