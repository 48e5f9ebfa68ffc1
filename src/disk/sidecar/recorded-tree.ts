// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { InodeStamp } from "../disk-node.ts";
import { parseProvenInodes, type ProvenInode } from "./proven-inodes.ts";
import { parseTree } from "./parse-mtree.ts";
import { readLines } from "./read-sidecar-lines.ts";
import { damaged, PROVEN_FILE, TREE_FILE } from "./sidecar-files.ts";
import type { UnpackRecord } from "./unpack-record.ts";

/** What a sidecar records of a path. */
export interface RecordedPath {
  /** As in the image. All names of one file have the same node. */
  readonly node: Node;
  readonly placed: ProvenInode;
}

/** Everything that a sidecar records. */
export interface RecordedTree {
  /** Every path: parents first, names sorted by bytes. */
  readonly paths: ReadonlyMap<ByteString, RecordedPath>;
  at(path: ByteString): RecordedPath | undefined;
  /** The record of an inode, wherever it is now; undefined when there is none, or it may be another inode. */
  ofInode(stamp: InodeStamp): RecordedPath | undefined;
}

/**
 * Reads `tree.mtree` and `placed` of a completed unpack.
 * @throws OciError `invalid-sidecar` when they are missing or were changed, `unreadable`
 */
export function readRecordedTree(sidecar: string, record: UnpackRecord): RecordedTree {
  if (record.files === undefined)
    throw damaged(sidecar, TREE_FILE, "expected its digest, got none");
  const { tree, placed } = record.files;
  const stamps = [
    ...understood(sidecar, PROVEN_FILE, parseProvenInodes(readLines(sidecar, PROVEN_FILE, placed))),
  ];
  const paths = new Map<ByteString, RecordedPath>();
  for (const [path, node] of understood(
    sidecar,
    TREE_FILE,
    parseTree(readLines(sidecar, TREE_FILE, tree)),
  )) {
    const stamp = stamps[paths.size];
    if (stamp === undefined || paths.has(path)) break;
    paths.set(path, { node, placed: stamp });
  }
  if (paths.size !== stamps.length || paths.size !== record.counts?.paths) {
    const expected = `expected a line for each of ${record.counts?.paths ?? 0} paths`;
    throw damaged(sidecar, PROVEN_FILE, `${expected}, got ${stamps.length}`);
  }
  let inodes: Map<bigint, RecordedPath> | undefined;
  return {
    paths,
    at: (path) => paths.get(path),
    ofInode(stamp) {
      inodes ??= new Map([...paths.values()].map((recorded) => [recorded.placed.ino, recorded]));
      const recorded = inodes.get(stamp.ino);
      return recorded !== undefined && isSameInode(recorded.placed, stamp) ? recorded : undefined;
    },
  };
}

/** Whether two stamps are of one inode. The number alone does not tell: it is reused after a removal, with another time of birth. */
export function isSameInode(one: InodeStamp, other: InodeStamp): boolean {
  return one.ino === other.ino && one.birthtimeNs === other.birthtimeNs && one.birthtimeNs !== 0n;
}

/** Whether the content of a file is unchanged, as far as the system shows. */
export function hasSameContent(one: InodeStamp, other: InodeStamp): boolean {
  return (
    one.ino === other.ino &&
    one.ctimeNs === other.ctimeNs &&
    one.mtimeNs === other.mtimeNs &&
    one.size === other.size &&
    one.type === other.type
  );
}

function* understood<T>(sidecar: string, name: string, parsed: Iterable<T>): Generator<T> {
  try {
    yield* parsed;
  } catch (cause) {
    if (!isOciError(cause, "invalid-sidecar") || "sidecar" in cause.details) throw cause;
    throw damaged(sidecar, name, cause.message, cause);
  }
}
