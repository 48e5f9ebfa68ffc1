// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { isOciError, type OciError } from "../../oci/errors.ts";
import type { SystemPath } from "../../files/proc-path.ts";
import { unreadable } from "../directory-walk.ts";
import { dumpTreeXattrs, type TreeXattrs } from "./dump-tree-xattrs.ts";
import { readWidened } from "../make-readable.ts";
import type { Xattrs } from "./xattr-command.ts";
import { dumpOrExplain, readXattrs } from "./read-xattrs.ts";
import { loadXattrCalls, type XattrCalls } from "./xattr-calls.ts";

/** How the extended attributes of a directory are read. */
export interface XattrReaderOptions {
  /**
   * Loads the system calls for extended attributes, and throws where there are none. Called when a node's
   * `xattrs` are asked for. Default: the optional package `@napi-rs/xattr`.
   */
  readonly loadXattrs?: (() => XattrCalls) | undefined;
  /**
   * Reads the attributes of the whole directory at once, for machines without the calls; returns undefined
   * when that is not possible. Default: the command `getfattr`.
   */
  readonly dumpXattrs?: ((directory: SystemPath) => TreeXattrs | undefined) | undefined;
  /** Supplies the attributes where this machine cannot read them, instead of an error. */
  readonly assumeXattrs?: ((path: ByteString) => Xattrs) | undefined;
  /**
   * Whether to make files readable that the user owns and may not read (mode 000). Their mode is restored
   * afterwards, and their time of modification stays. Default: false.
   */
  readonly widen?: boolean | undefined;
}

/** Reads the attributes of an inode: `path` is its path in the directory, `place` its path on this machine. */
export type XattrReader = (path: ByteString, place: SystemPath) => Xattrs;

/**
 * Reads attributes in the first way that this machine has: by calls, by one command for the whole directory,
 * or as assumed. `root` is called only for the command. `name` is for messages.
 * @throws OciError from the reader: `unsupported-operation`, `unreadable`
 */
export function createXattrReader(
  name: string,
  root: () => SystemPath,
  options: XattrReaderOptions,
): XattrReader {
  const { loadXattrs = loadXattrCalls, dumpXattrs = dumpTreeXattrs } = options;
  const { assumeXattrs, widen = false } = options;
  let dumped: { readonly xattrs: TreeXattrs | undefined } | undefined;

  const readOpened = (path: ByteString, place: SystemPath, read: () => Xattrs): Xattrs => {
    try {
      return readWidened(place, read);
    } catch (error) {
      throw isOciError(error) ? error : unreadable(name, path, error);
    }
  };
  const readWithoutCalls = (path: ByteString, place: SystemPath, error: OciError): Xattrs => {
    dumped ??= { xattrs: dumpXattrs(root()) };
    const known = dumped.xattrs?.of(path);
    if (known !== undefined) return known;
    if (dumped.xattrs !== undefined && widen) {
      return readOpened(path, place, () => dumpOrExplain(name, path, place));
    }
    if (assumeXattrs === undefined) throw error;
    return assumeXattrs(path);
  };
  return (path, place) => {
    const read = (): Xattrs => readXattrs(name, path, place, loadXattrs);
    try {
      return read();
    } catch (error) {
      if (widen && isOciError(error, "unreadable")) return readOpened(path, place, read);
      if (!isOciError(error, "unsupported-operation")) throw error;
      return readWithoutCalls(path, place, error);
    }
  };
}
