// SPDX-License-Identifier: MIT
import {
  decodeText,
  fromBytes,
  fromText,
  toBytes,
  type ByteString,
} from "../../bytes/byte-string.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import { isEnvironmentLabel } from "./environment-labels.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import type { XattrWriteCalls } from "./xattr-calls.ts";
import {
  statInode,
  type InodeMetadata,
  type InodeHandle,
  type TextHandle,
} from "../inode-handle.ts";
import { formatRootlessOwner, ROOTLESS_OWNER } from "./rootless-owner.ts";
import { setMode } from "../set-mode.ts";

/** An inode and the extended attributes that it must have. If it existed before, all others are removed. */
export interface XattrJob {
  readonly inode: TextHandle;
  readonly type: Node["type"];
  readonly xattrs: ReadonlyMap<ByteString, ByteString>;
  /** Set after the attributes: an access control list changes it, and it may take away the right to set attributes. */
  readonly mode: number;
}

/** The access control list. It contains the permission bits too: setting the list or the mode changes the other. */
export const ACCESS_ACL = "system.posix_acl_access" as ByteString;

/** The attributes that an inode must have: its node's, and its owner if the policy keeps owners in an attribute. */
export function wantedXattrs(
  inode: InodeHandle,
  node: InodeMetadata,
  { rootlessXattr }: MetadataPolicy,
): ReadonlyMap<ByteString, ByteString> {
  const { uid, gid, type, xattrs } = node;
  if (!rootlessXattr || (uid === 0 && gid === 0)) return xattrs;
  // Links and special files cannot have `user.` attributes; the empty file in place of a device can.
  if (type !== "file" && type !== "directory" && !statInode(inode).isFile()) return xattrs;
  return new Map(xattrs).set(ROOTLESS_OWNER, formatRootlessOwner(uid, gid));
}

/**
 * Sets the attributes of one inode. Refused ones go to `policy.refusals`.
 * @returns false when nothing was done because a name is not UTF-8, which these calls do not accept
 */
export function writeXattrs(
  job: XattrJob,
  calls: XattrWriteCalls,
  policy: MetadataPolicy,
): boolean {
  const { inode, xattrs } = job;
  const names = [...xattrs.keys()];
  if (names.some((name) => decodeText(name) === undefined)) return false;
  const extra = inode.existed === true ? listExtra(job, calls) : [];
  if (extra === undefined) return false;
  if (extra.length > 0 || names.length > 0) allowWriting(job);
  const attempt = (name: ByteString, call: (text: string) => void): void => {
    try {
      call(decodeText(name)!);
    } catch (error) {
      refuseXattr(policy, name, reasonOf(error));
    }
  };
  for (const name of extra) attempt(name, (text) => calls.removeAttributeSync(inode.path, text));
  for (const [name, value] of xattrs) {
    attempt(name, (text) => calls.setAttributeSync(inode.path, text, toBytes(value)));
  }
  return true;
}

/** The attributes that an inode has and should not have; undefined when these calls cannot list them. */
function listExtra({ inode, xattrs }: XattrJob, calls: XattrWriteCalls): ByteString[] | undefined {
  try {
    return extraNames(calls.listAttributesSync(inode.path).map(fromText), xattrs);
  } catch (error) {
    // A disk without support for attributes has none to remove.
    return error instanceof Error && "code" in error && error.code === "InvalidArg"
      ? undefined
      : [];
  }
}

/** The names to remove: all that are neither wanted nor the machine's own. */
export function extraNames(
  names: readonly ByteString[],
  wanted: ReadonlyMap<ByteString, ByteString>,
): ByteString[] {
  return names.filter((name) => !wanted.has(name) && !isEnvironmentLabel(name));
}

/** An ordinary user may set `user.` attributes only on writable inodes. The final mode is set afterwards. */
export function allowWriting({ inode, type }: XattrJob): void {
  if (inode.existed === true && type !== "symlink" && process.geteuid?.() !== 0) {
    setMode(inode, 0o700);
  }
}

/** Call it after the mode is set: records a refusal if the access control list is not, or no longer, the node's. */
export function checkAccessAcl(
  { inode, xattrs }: XattrJob,
  calls: XattrWriteCalls,
  policy: MetadataPolicy,
): void {
  const wanted = xattrs.get(ACCESS_ACL);
  if (wanted === undefined) return;
  const has = calls.getAttributeSync(inode.path, ACCESS_ACL);
  if (has === null || fromBytes(has) !== wanted) refuseXattr(policy, ACCESS_ACL, DIFFERENT_MODE);
}

/** The reason when the access control list on the disk is not the node's. */
export const DIFFERENT_MODE = "it does not go with the permission bits";

/** Records why an attribute was refused; only the first reason for each name is kept. */
export function refuseXattr({ refusals }: MetadataPolicy, name: ByteString, reason: string): void {
  if (!refusals.xattrs.has(name)) refusals.xattrs.set(name, reason);
}

// The message looks like "Operation not permitted (os error 1)".
function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message.replace(/ \(os error \d+\)$/, "");
}
