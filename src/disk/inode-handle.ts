// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import type { SystemPath } from "../files/proc-path.ts";
import { fromBytes, fromText, toText } from "../bytes/byte-string.ts";
import { OciError } from "../oci/errors.ts";
import type { Node } from "../rootfs/root-filesystem.ts";

/** Where an inode is. */
export interface InodeHandle {
  /**
   * Its path, by whose last component it is reached and which is never followed:
   * `/proc/self/fd/<descriptor of its directory>/<name>` on Linux. A Buffer where the name is not UTF-8.
   */
  readonly path: SystemPath;
  /** Its own descriptor, where it is open already (for reading or writing, not with O_PATH). */
  readonly fd?: number | undefined;
  /**
   * Whether it was there before, or may have taken something over from its directory: its owner is then
   * set in any case, and attributes that the node does not have are removed. An inode that is not said
   * to have existed was made by this process just now; such files are all made in the same directory.
   */
  readonly existed?: boolean | undefined;
  /** The twelve bits of its mode, where it was made with them and has no attributes: they need not be set. */
  readonly mode?: number | undefined;
}

/** What an inode is given: a node has it, and a layer's entry. */
export type InodeMetadata = Pick<
  Node,
  "type" | "mode" | "uid" | "gid" | "mtime" | "mtimeNanoseconds" | "xattrs"
>;

/** A place whose path is text. */
export interface TextHandle extends InodeHandle {
  readonly path: string;
}

/** What the system says of an inode, a link not followed. */
export function statInode({ path, fd }: InodeHandle): fs.Stats {
  return fd === undefined ? fs.lstatSync(path) : fs.fstatSync(fd);
}

/** The error for metadata that every disk has and that still can't be set. */
export function unwritable({ path }: InodeHandle, what: string, cause: unknown): OciError {
  const name = typeof path === "string" ? fromText(path) : fromBytes(path);
  const why = cause instanceof Error ? cause.message : String(cause);
  return new OciError("unwritable", `${toText(name)}: its ${what} can't be set: ${why}`, { cause });
}
