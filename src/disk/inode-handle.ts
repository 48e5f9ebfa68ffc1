// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { SystemPath } from "../files/proc-path.ts";
import { fromBytes, fromText, toText } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import type { Node } from "../rootfs/root-filesystem.ts";
import { systemReason } from "../files/system-error.ts";

/** How to reach an inode. */
export interface InodeHandle {
  /**
   * Its path, whose last component must never be followed if it is a link. On Linux:
   * `/proc/self/fd/<file descriptor of its directory>/<name>`. A Buffer when the name is not UTF-8.
   */
  readonly path: SystemPath;
  /** Its own file descriptor, if it is open already (for reading or writing, not with O_PATH). */
  readonly fd?: number | undefined;
  /**
   * True if the inode was there before, or may have inherited something from its directory: its owner is then
   * always set, and attributes that the node lacks are removed. Otherwise this process has just made it, and
   * all such files are made in the same directory.
   */
  readonly existed?: boolean | undefined;
  /** The twelve bits of its mode, if it was made with them and has no attributes: they need not be set again. */
  readonly mode?: number | undefined;
}

/** What an inode on the disk is given. Both nodes and the entries of layers have these properties. */
export type InodeMetadata = Pick<
  Node,
  "type" | "mode" | "uid" | "gid" | "mtime" | "mtimeNanoseconds" | "xattrs"
>;

/** A handle whose path is text. */
export interface TextHandle extends InodeHandle {
  readonly path: string;
}

/** What the system says of the inode. A link is not followed. */
export function statInode({ path, fd }: InodeHandle): fs.Stats {
  return fd === undefined ? fs.lstatSync(path) : fs.fstatSync(fd);
}

/** The error for metadata that every disk supports and that could not be set. */
export function unwritable({ path }: InodeHandle, what: string, cause: unknown): OciError {
  const name = typeof path === "string" ? fromText(path) : fromBytes(path);
  return new OciError(
    "unwritable",
    `${toText(name)}: its ${what} can't be set: ${systemReason(cause)}`,
    { cause },
  );
}
