// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { isOciError } from "../../oci/errors.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { InodeStamp } from "../disk-node.ts";
import { openMtree, type MtreeFile } from "./mtree-file.ts";
import { openProvenInodes, type ProvenInode } from "./proven-inodes.ts";
import { readRecordedFile } from "./read-recorded-file.ts";
import { damaged, PROVEN_FILE, TREE_FILE } from "./sidecar-files.ts";
import type { UnpackRecord } from "./unpack-record.ts";

/** What a sidecar records of a path. */
export interface RecordedPath {
  /** As in the image. All names of one file have the same node. */
  readonly node: Node;
  readonly placed: ProvenInode;
}

/** Everything that a sidecar records. What is asked for is parsed then. @throws OciError `invalid-sidecar` from each method */
export interface RecordedTree {
  /** Every path, as in the image. */
  readonly entries: MtreeFile;
  at(path: ByteString): RecordedPath | undefined;
  /** The record of an inode, wherever it is now; undefined when there is none, or it may be another inode. */
  ofInode(stamp: InodeStamp): RecordedPath | undefined;
  /** Whether an inode is in every respect as an entry was placed: then nothing of it needs to be compared. */
  readonly isPlaced: (number: number, stamp: InodeStamp) => boolean;
}

/**
 * Reads `tree.mtree` and `placed` of a completed unpack.
 * @throws OciError `invalid-sidecar` when they are missing or were changed, `unreadable`
 */
export function readRecordedTree(sidecar: string, record: UnpackRecord): RecordedTree {
  const { files, counts } = record;
  if (files === undefined) throw damaged(sidecar, TREE_FILE, "expected its digest, got none");
  const inPlaced = <T>(read: () => T): T => understood(sidecar, PROVEN_FILE, read);
  const inTree = <T>(read: () => T): T => understood(sidecar, TREE_FILE, read);
  const inodes = inPlaced(() =>
    openProvenInodes(readRecordedFile(sidecar, PROVEN_FILE, files.placed)),
  );
  const tree = inTree(() => openMtree(readRecordedFile(sidecar, TREE_FILE, files.tree)));
  if (tree.names.length !== inodes.count || tree.names.length !== counts?.paths) {
    const expected = `expected a line for each of ${counts?.paths ?? 0} paths`;
    throw damaged(sidecar, PROVEN_FILE, `${expected}, got ${inodes.count}`);
  }
  const node = (number: number): Node => inTree(() => tree.node(number));
  const read = (number: number): RecordedPath => ({
    node: node(number),
    placed: inPlaced(() => inodes.at(number)),
  });
  return {
    entries: { ...tree, node },
    at(path) {
      const number = tree.numberOf(path);
      return number === undefined ? undefined : read(number);
    },
    ofInode(stamp) {
      const number = inodes.withNumber(stamp.ino);
      const recorded = number === undefined ? undefined : read(number);
      return recorded !== undefined && isSameInode(recorded.placed, stamp) ? recorded : undefined;
    },
    isPlaced: (number, stamp) => tree.types[number] === stamp.type && inodes.shows(number, stamp),
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

function understood<T>(sidecar: string, name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!isOciError(cause, "invalid-sidecar") || "sidecar" in cause.details) throw cause;
    throw damaged(sidecar, name, cause.message, cause);
  }
}
