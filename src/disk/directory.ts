// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { compareByteStrings, fromBytes, toText, type ByteString } from "../bytes/byte-string.ts";
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { OciError } from "../oci/errors.ts";
import { HEAD_BYTES, headOf } from "../rootfs/head.ts";
import type { Node, RootFilesystem } from "../rootfs/root-filesystem.ts";
import { readFileBytes } from "../store/file.ts";
import { isAbsent, joinBytes, openWalk, unreadable, type DirectoryWalk } from "./directory-walk.ts";
import { makeDiskNode, type LazyReads } from "./disk-node.ts";
import { loadXattrCalls, readXattrs, type XattrCalls } from "./xattrs.ts";

/** A plain directory read as a root filesystem. */
export interface DirectoryFilesystem extends RootFilesystem {
  /** The directory's path, as given. */
  readonly directory: string;
  /**
   * What changes whenever the content at a path may have: device, inode, size, times of modification and
   * of change. Undefined when there is nothing. For this machine only. @throws OciError `unreadable`
   */
  stamp(path: ByteString): string | undefined;
  /** Frees the directory's descriptor; nothing can be asked afterwards. Idempotent. */
  close(): void;
}

export interface OpenDirectoryOptions {
  /** How directories are reached; the default is the safest that the machine has. */
  readonly walk?: DirectoryWalk | undefined;
  /**
   * Gives the system calls for extended attributes, and throws where there are none. Called when a
   * node's `xattrs` are asked for. Default: the optional package `@napi-rs/xattr`.
   */
  readonly loadXattrs?: (() => XattrCalls) | undefined;
}

/**
 * Opens a directory as a root filesystem. Nothing leads out of it: every part of a path is opened by
 * itself and no link is followed. Fifos and devices are never opened. Names are bytes. Owners have no
 * names here, only numbers. A node's `head` and `xattrs` are read when they are asked for, and throw
 * `unreadable` when they can't be; `xattrs` throws `unsupported-operation` where this machine has no way
 * to read them (Node itself has no call for that), which is not the same as having none.
 * @throws OciError `not-found`, `invalid-argument` when it is no directory, `unreadable`
 */
export function openDirectory(
  directory: string,
  options: OpenDirectoryOptions = {},
): DirectoryFilesystem {
  const { walk = openWalk(directory), loadXattrs = loadXattrCalls } = options;
  const name = `dir:${directory}`;
  /** Nodes with several names, so that each name gives the same object. */
  const shared = new Map<string, Node>();

  const locate = (path: ByteString): Buffer | undefined => {
    const slash = path.lastIndexOf("/");
    const parent = walk.locate((path.slice(0, slash) || "/") as ByteString);
    const leaf = path.slice(slash + 1) as ByteString;
    return parent && joinBytes(parent, leaf === "" ? ("." as ByteString) : leaf);
  };
  const lazy: LazyReads = {
    head: (path) => readHead(name, path, locate(path)),
    xattrs: (path) => {
      const place = locate(path);
      if (place === undefined) throw notFound(name, path, "a name");
      return readXattrs(name, path, place, loadXattrs);
    },
  };
  return {
    name,
    directory,
    lstat(path) {
      const place = locate(path);
      return place && lstatNode(name, path, place, shared, lazy);
    },
    stamp: (path) => stampOf(name, path, locate(path)),
    list: (path) => listNames(name, path, walk.locate(path)),
    read: (path, abort) => readFile(name, path, () => locate(path), abort),
    close: () => walk.close(),
  };
}

function lstatNode(
  root: string,
  path: ByteString,
  place: Buffer,
  shared: Map<string, Node>,
  lazy: LazyReads,
): Node | undefined {
  try {
    const stat = fs.lstatSync(place, { bigint: true });
    const key = stat.nlink > 1n && !stat.isDirectory() ? `${stat.dev}:${stat.ino}` : undefined;
    const known = key === undefined ? undefined : shared.get(key);
    if (known !== undefined) return known;
    const target = stat.isSymbolicLink()
      ? fs.readlinkSync(place, { encoding: "buffer" })
      : undefined;
    const node = makeDiskNode(stat, target, path, lazy);
    if (key !== undefined) shared.set(key, node);
    return node;
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(root, path, error);
  }
}

function readHead(
  root: string,
  path: ByteString,
  place: Buffer | undefined,
): ByteString | undefined {
  const fd = openFile(root, path, place);
  try {
    const first = Buffer.alloc(HEAD_BYTES);
    return headOf(first.subarray(0, fs.readSync(fd, first)));
  } finally {
    fs.closeSync(fd);
  }
}

function stampOf(root: string, path: ByteString, place: Buffer | undefined): string | undefined {
  try {
    const stat = place && fs.lstatSync(place, { bigint: true });
    return stat && [stat.dev, stat.ino, stat.size, stat.mtimeNs, stat.ctimeNs].join();
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw unreadable(root, path, error);
  }
}

function listNames(
  root: string,
  path: ByteString,
  place: Buffer | undefined,
): readonly ByteString[] {
  if (place === undefined) throw notFound(root, path, "a directory");
  try {
    const names = fs.readdirSync(joinBytes(place, "." as ByteString), { encoding: "buffer" });
    return names.map((bytes) => fromBytes(bytes)).sort(compareByteStrings);
  } catch (error) {
    throw unreadable(root, path, error);
  }
}

async function* readFile(
  root: string,
  path: ByteString,
  locate: () => Buffer | undefined,
  options: AbortOptions = {},
): Bytes {
  const fd = openFile(root, path, locate());
  try {
    yield* readFileBytes(fd, { signal: options.signal });
  } finally {
    fs.closeSync(fd);
  }
}

/** Opens a regular file and nothing else: a fifo would wait for its writer, a device may act. */
function openFile(root: string, path: ByteString, place: Buffer | undefined): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  let fd: number | undefined;
  try {
    if (place === undefined) throw notFound(root, path, "a file");
    const isFile = fs.lstatSync(place).isFile();
    if (isFile) fd = fs.openSync(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if (fd !== undefined && fs.fstatSync(fd).isFile()) return fd;
  } catch (error) {
    if (fd !== undefined) fs.closeSync(fd);
    if (error instanceof OciError) throw error;
    throw isAbsent(error) ? notFound(root, path, "a file") : unreadable(root, path, error);
  }
  if (fd !== undefined) fs.closeSync(fd);
  throw new OciError("invalid-argument", `${root}: ${toText(path)}: expected a regular file`, {
    details: { path },
  });
}

function notFound(root: string, path: ByteString, what: string): OciError {
  return new OciError("not-found", `${root}: ${toText(path)}: expected ${what}, got nothing`, {
    details: { path },
  });
}
