// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { compareByteStrings, toText, type ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { nameOf, parentOf } from "../layer/path-parts.ts";
import { OciError } from "../oci/errors.ts";
import { HEAD_BYTES, headOf } from "../rootfs/layer-index/file-head.ts";
import type { RootFilesystem } from "../rootfs/root-filesystem.ts";
import { readFileBytes } from "../files/regular-file.ts";
import {
  startReadAhead,
  type AheadDirectory,
  type ReadAhead,
  type ScannedInode,
} from "./ahead/read-ahead.ts";
import { below, hasProcPaths, type SystemPath } from "../files/proc-path.ts";
import { isAbsent, openWalk, unreadable, type DirectoryWalk } from "./directory-walk.ts";
import { DiskNode, factsOf, stampOf, type InodeStamp, type LazyReads } from "./disk-node.ts";
import { hashFile, openFile } from "./read-file.ts";
import { NO_XATTRS } from "./xattrs/xattr-command.ts";
import { createXattrReader, type XattrReaderOptions } from "./xattrs/xattr-reader.ts";
import { ADDON } from "./xattrs/xattr-calls.ts";

/** A plain directory read as a root filesystem. */
export interface DirectoryFilesystem extends RootFilesystem {
  /** The directory's path, as given. */
  readonly directory: string;
  lstat(path: ByteString): DiskNode | undefined;
  /**
   * A text that changes whenever the content at a path may have changed: device, inode, size, and the times of
   * modification and change. Undefined when nothing is there. Valid on this machine only.
   * @throws OciError `unreadable`
   */
  stamp(path: ByteString): string | undefined;
  /** The inode at a path as the system shows it now, even if the node was asked for before. @throws OciError `unreadable` */
  inode(path: ByteString): InodeStamp | undefined;
  /**
   * Opens a file for reading if it is a regular file. The caller closes the file descriptor.
   * @throws OciError `not-found`, `unreadable`, `invalid-argument` when it is not a regular file
   */
  open(path: ByteString): number;
  /** As `open`, but also for directories. The file descriptor can be used to sync what was written. */
  openToSync(path: ByteString): number;
  /**
   * When directories are read ahead: a promise that settles once this one can be queried without waiting for
   * the disk. Waiting for it is optional.
   */
  prepare(path: ByteString): Promise<void> | undefined;
  /** Closes the directory's file descriptor; nothing can be asked afterwards. Idempotent. */
  close(): void;
}

export interface OpenDirectoryOptions extends XattrReaderOptions {
  /** How directories are reached. Default: the safest way that the machine has. */
  readonly walk?: DirectoryWalk | undefined;
  /** Whether a file's node has a `contentDigest`. Asking for the digest then reads the file. Default: false. */
  readonly hashContents?: boolean | undefined;
  /**
   * Reads inodes in advance, in a thread of its own: for callers that go through the whole directory in the
   * order of `pairTrees`. Inodes are then as they were a moment before their directory is listed. With
   * "contents", small files are read too and have a `contentDigest`. Default: "none".
   */
  readonly readAhead?: "none" | "inodes" | "contents" | undefined;
}

/**
 * Opens a directory as a root filesystem. Nothing leads out of it: every part of a path is opened by itself
 * and no link is followed. Fifos and devices are never opened. Names are bytes. Owners are numbers and have
 * no names. A node's `head` and `xattrs` are read when they are asked for, and throw `unreadable` when that
 * fails. `xattrs` throws `unsupported-operation` when this machine has no way to read attributes (Node has
 * no call for it); this is not the same as having none. Where only a command can read them, all attributes
 * of the directory are read when the first are asked for.
 * @throws OciError `not-found`, `invalid-argument` when it is no directory, `unreadable`
 */
export function openDirectory(
  directory: string,
  options: OpenDirectoryOptions = {},
): DirectoryFilesystem {
  const { hashContents = false, widen = false } = options;
  const walk = options.walk ?? openWalk(directory, { widen });
  const name = `dir:${directory}`;
  /** Files with several names, so that each name gives the same object. */
  const shared = new Map<string, DiskNode>();

  const ahead = startAhead(walk, options);
  let listed: AheadDirectory | undefined;

  const locate = (path: ByteString): SystemPath | undefined => {
    const parent = walk.locate(parentOf(path));
    return parent && below(parent, path === "/" ? ("." as ByteString) : nameOf(path));
  };
  const existing = (path: ByteString, what: string): SystemPath => {
    const place = locate(path);
    if (place === undefined) throw notFound(name, path, what);
    return place;
  };
  const open = (path: ByteString): number => openFile(name, path, existing(path, "a file"), widen);
  const readAttributes = createXattrReader(
    name,
    () => existing("/" as ByteString, "a directory"),
    options,
  );
  const lazy: LazyReads = {
    head: (path) => readHead(open(path)),
    xattrs: (path) => readAttributes(path, existing(path, "a name")),
    contentDigest: hashContents ? (path) => hashFile(name, path, open(path)) : undefined,
  };
  return {
    name,
    directory,
    lstat(path) {
      if (listed !== undefined && path !== "/" && parentOf(path) === listed.path) {
        const found = listed.inode(nameOf(path));
        if (found !== undefined) return aheadNode(path, found, { shared, lazy });
      }
      const place = locate(path);
      const rootMode = path === "/" ? walk.rootMode : undefined;
      return place === undefined
        ? undefined
        : lstatNode(name, path, place, { shared, lazy, rootMode });
    },
    stamp(path) {
      const stat = statAt(name, path, locate(path));
      return stat && [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join();
    },
    inode(path) {
      const stat = statAt(name, path, locate(path));
      return stat && stampOf(stat);
    },
    list(path) {
      listed = ahead?.take(path);
      return listed?.names ?? listNames(name, path, walk.locate(path));
    },
    read: (path, abort) => readFile(() => open(path), abort),
    open,
    openToSync: (path) => {
      const place = walk.locate(path);
      return place === undefined ? open(path) : openListed(name, path, place);
    },
    prepare: (path) => ahead?.prepare(path),
    close() {
      ahead?.close();
      walk.close();
    },
  };
}

interface NodeSource {
  readonly shared: Map<string, DiskNode>;
  readonly lazy: LazyReads;
  readonly rootMode?: number | undefined;
}

/** Undefined when a thread could not use the directory that is open here. */
function startAhead(
  walk: DirectoryWalk,
  { readAhead = "none", loadXattrs }: OpenDirectoryOptions,
): ReadAhead | undefined {
  const root = readAhead === "none" ? undefined : walk.locate("/" as ByteString);
  if (root === undefined || !hasProcPaths()) return undefined;
  const addon = loadXattrs === undefined ? ADDON : undefined;
  try {
    return startReadAhead(root, { addon, contents: readAhead === "contents" });
  } catch {
    return undefined;
  }
}

function aheadNode(
  path: ByteString,
  { facts, key, hasNoXattrs, digest }: ScannedInode,
  { shared, lazy }: NodeSource,
): DiskNode {
  const isShared = facts.linkCount > 1 && facts.stamp.type !== "directory";
  const present = isShared ? shared.get(key) : undefined;
  if (present !== undefined) return present;
  const known = { xattrs: hasNoXattrs ? NO_XATTRS : undefined, digest };
  const node = new DiskNode(facts, path, lazy, known);
  if (isShared) shared.set(key, node);
  return node;
}

function lstatNode(
  root: string,
  path: ByteString,
  place: SystemPath,
  { shared, lazy, rootMode }: NodeSource,
): DiskNode | undefined {
  try {
    const stat = fs.lstatSync(place, { bigint: true });
    if (rootMode !== undefined) stat.mode = BigInt(rootMode) | (stat.mode & ~0o7777n);
    const key = stat.nlink > 1n && !stat.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
    const known = key === undefined ? undefined : shared.get(key);
    if (known !== undefined) return known;
    const target = stat.isSymbolicLink()
      ? fs.readlinkSync(place, { encoding: "latin1" })
      : undefined;
    const node = new DiskNode(factsOf(stat, target as ByteString | undefined), path, lazy);
    if (key !== undefined) shared.set(key, node);
    return node;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(root, path, error);
  }
}

function readHead(fd: number): ByteString | undefined {
  try {
    const first = Buffer.alloc(HEAD_BYTES);
    return headOf(first.subarray(0, fs.readSync(fd, first)));
  } finally {
    fs.closeSync(fd);
  }
}

function statAt(
  root: string,
  path: ByteString,
  place: SystemPath | undefined,
): fs.BigIntStats | undefined {
  try {
    return place === undefined ? undefined : fs.lstatSync(place, { bigint: true });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(root, path, error);
  }
}

function openListed(root: string, path: ByteString, place: SystemPath): number {
  try {
    return fs.openSync(below(place, "." as ByteString), "r");
  } catch (error) {
    throw unreadable(root, path, error);
  }
}

function listNames(
  root: string,
  path: ByteString,
  place: SystemPath | undefined,
): readonly ByteString[] {
  if (place === undefined) throw notFound(root, path, "a directory");
  try {
    const names = fs.readdirSync(below(place, "." as ByteString), { encoding: "latin1" });
    return (names as ByteString[]).sort(compareByteStrings);
  } catch (error) {
    throw unreadable(root, path, error);
  }
}

async function* readFile(open: () => number, options: AbortOptions = {}): Bytes {
  const fd = open();
  try {
    yield* readFileBytes(fd, { signal: options.signal });
  } finally {
    fs.closeSync(fd);
  }
}

function notFound(root: string, path: ByteString, what: string): OciError {
  return new OciError("not-found", `${root}: ${toText(path)}: expected ${what}, got nothing`, {
    details: { path },
  });
}
