// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { WORTH_A_THREAD } from "../ahead/read-ahead.ts";
import { openDirectory } from "../directory.ts";
import type { DiskNode } from "../disk-node.ts";
import { toImage } from "../inode/id-map.ts";
import { viewRecorded, type RecordedFilesystem } from "./recorded-filesystem.ts";
import {
  isSameInode,
  readRecordedTree,
  type RecordedPath,
  type RecordedTree,
} from "./recorded-tree.ts";
import { readRecord, sidecarOf, type UnpackRecord } from "./unpack-record.ts";
import { UnpackedNode, type Owners } from "./unpacked-node.ts";

/** An unpacked directory read together with its sidecar, as one root filesystem. */
export interface UnpackedDirectory extends RootFilesystem {
  /** The directory's path, as given. */
  readonly directory: string;
  /** Undefined when there is no sidecar; the filesystem is then that of the plain directory. */
  readonly record: UnpackRecord | undefined;
  /** The tree that was unpacked. Undefined when there is no sidecar. */
  readonly recorded: RecordedFilesystem | undefined;
  /**
   * Whether the file at a path is still what was unpacked there, content included, judged by its inode, size
   * and times; false for a path that is not recorded. Costs one lstat.
   */
  isUntouched(path: ByteString): boolean;
  /** Opens a file for reading if it is a regular file. The caller closes it. @throws as `read` does */
  open(path: ByteString): number;
  /** As `prepare` of a plain directory. */
  prepare(path: ByteString): Promise<void> | undefined;
  /** Closes the directory's file descriptors; nothing can be asked afterwards. Idempotent. */
  close(): void;
}

export interface OpenUnpackedOptions {
  /** Default: `sidecarOf(directory)`. */
  readonly sidecar?: string | undefined;
  /** Always reads contents, even those that the sidecar knows to be unchanged. */
  readonly readContents?: boolean | undefined;
  /** Refuses files that the disk shows shorter than recorded, as after a power cut. */
  readonly refuseTorn?: boolean | undefined;
  /** Reads the inodes of a large directory in advance: for callers that go through all of it in the order of `pairTrees`. */
  readonly readAhead?: boolean | undefined;
}

/**
 * Opens an unpacked directory as the image that it is now. A field that the disk shows unchanged since
 * unpacking has the image's value; a field that was changed has the disk's. Where owners were not set, files
 * that the unpacking user makes later belong to 0:0, and `user.rootlesscontainers` is read as an owner, not
 * as an attribute. Files that the user owns and may not read are made readable while they are read.
 * @throws OciError `invalid-sidecar` when the sidecar is damaged or unpacking was not finished, also from `lstat` and from
 * what asks `recorded`; `not-found`, `invalid-argument`, `unreadable`
 */
export function openUnpacked(
  directory: string,
  options: OpenUnpackedOptions = {},
): UnpackedDirectory {
  const { sidecar = sidecarOf(directory), readContents = false, readAhead = false } = options;
  const { refuseTorn = false } = options;
  const record = readRecord(sidecar);
  if (record?.state === "writing") throw unfinished(directory, sidecar);
  const tree = record && readRecordedTree(sidecar, record);
  const isLarge = (record?.counts?.paths ?? 0) >= WORTH_A_THREAD;
  const disk = openDirectory(directory, {
    widen: true,
    hashContents: true,
    readAhead: readAhead && isLarge ? "inodes" : "none",
  });
  const rules = { owners: ownersOf(record), readContents };
  /** Files with several names, so that each name gives the same object. */
  const shared = new Map<DiskNode, UnpackedNode>();

  const lstat = (path: ByteString): UnpackedNode | undefined => {
    const node = disk.lstat(path);
    if (node === undefined) return undefined;
    const known = shared.get(node);
    if (known !== undefined) return known;
    const unpacked = new UnpackedNode(node, tree && find(tree, path, node), rules);
    if (refuseTorn && unpacked.isTorn) throw torn(directory, path, unpacked);
    if (node.linkCount > 1 && node.type !== "directory") shared.set(node, unpacked);
    return unpacked;
  };
  return {
    name: disk.name,
    directory,
    record,
    recorded: tree && viewRecorded(sidecar, tree),
    lstat,
    list: (path) => disk.list(path),
    read: (path, abort) => disk.read(path, abort),
    open: (path) => disk.open(path),
    isUntouched: (path) => lstat(path)?.isUntouched === true,
    prepare: (path) => disk.prepare(path),
    close: () => disk.close(),
  };
}

/** Finds a record by its inode if that is surely the same, so that a renamed file keeps its record; otherwise by the path. */
function find(tree: RecordedTree, path: ByteString, { stamp }: DiskNode): RecordedPath | undefined {
  const here = tree.at(path);
  if (here !== undefined && isSameInode(here.placed, stamp)) return here;
  return tree.ofInode(stamp) ?? here;
}

function ownersOf(record: UnpackRecord | undefined): Owners {
  if (record === undefined) return { uid: (id) => id, gid: (id) => id };
  const { user, uidMap, gidMap, sameOwner, refusals } = record;
  const areReal = sameOwner && refusals?.owner === undefined;
  return {
    uid: (id) => (!areReal && id === user.uid ? 0 : (toImage(uidMap, id) ?? id)),
    gid: (id) => (!areReal && id === user.gid ? 0 : (toImage(gidMap, id) ?? id)),
  };
}

function unfinished(directory: string, sidecar: string): OciError {
  return new OciError(
    "invalid-sidecar",
    `${JSON.stringify(directory)}: expected an unpacked directory, got one that was not finished`,
    {
      details: { directory, sidecar },
      hint: "Run the same oci-kit unpack again: it completes what is there.",
    },
  );
}

function torn(directory: string, path: ByteString, { size }: UnpackedNode): OciError {
  return new OciError(
    "invalid-sidecar",
    `${JSON.stringify(directory)}: ${toText(path)}: expected the size that its sidecar recorded, got ${size} bytes that nobody changed since, as after a power cut`,
    {
      details: { directory, path },
      hint: "Run the same oci-kit unpack again: it completes what is there.",
    },
  );
}
