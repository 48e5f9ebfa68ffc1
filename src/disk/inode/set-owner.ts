// SPDX-License-Identifier: MIT
import * as fs from "node:fs";
import { systemCode } from "../../files/system-error.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";
import { toDisk } from "./id-map.ts";
import { statInode, type InodeMetadata, type InodeHandle } from "../inode-handle.ts";

const SETUID = 0o4000;
const SETGID = 0o2000;
/** To chown: do not change. */
const SAME = -1;

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who owns the files that this process makes. Found out from the system once, because a network disk may use another owner. */
const ownerOfNew = new WeakMap<MetadataPolicy, Owner>();

/**
 * Sets the owner of an inode if the policy asks for it, and returns the mode that may be set: without setuid
 * if the owner is not the node's, without setgid if the group is not. What cannot be set goes to
 * `policy.refusals`.
 */
export function setOwner(inode: InodeHandle, node: InodeMetadata, policy: MetadataPolicy): number {
  const uid = toDisk(policy.uidMap, node.uid);
  const gid = toDisk(policy.gidMap, node.gid);
  if (policy.sameOwner) {
    refuseUnmapped(node, policy, uid, gid);
    if (isSet(inode, node, policy, uid ?? SAME, gid ?? SAME)) {
      return permittedBits(uid !== undefined, gid !== undefined);
    }
  }
  if ((node.mode & (SETUID | SETGID)) === 0) return 0o1777;
  const has = statInode(inode);
  return permittedBits(has.uid === uid, has.gid === gid);
}

function permittedBits(isUser: boolean, isGroup: boolean): number {
  return 0o1777 | (isUser ? SETUID : 0) | (isGroup ? SETGID : 0);
}

function refuseUnmapped(
  node: InodeMetadata,
  { refusals }: MetadataPolicy,
  uid: number | undefined,
  gid: number | undefined,
): void {
  if (uid === undefined) refusals.owner ??= `no range of the ID map has the user ${node.uid}`;
  if (gid === undefined) refusals.owner ??= `no range of the ID map has the group ${node.gid}`;
}

function isSet(
  inode: InodeHandle,
  node: InodeMetadata,
  policy: MetadataPolicy,
  uid: number,
  gid: number,
): boolean {
  // A directory may have inherited its group from its parent.
  if (inode.existed !== true && node.type !== "directory") {
    let owner = ownerOfNew.get(policy);
    if (owner === undefined) ownerOfNew.set(policy, (owner = statInode(inode)));
    if ((uid === owner.uid || uid === SAME) && (gid === owner.gid || gid === SAME)) return true;
  }
  try {
    if (inode.fd === undefined) fs.lchownSync(inode.path, uid, gid);
    else fs.fchownSync(inode.fd, uid, gid);
    return true;
  } catch (error) {
    policy.refusals.owner ??= `the system refuses it (${systemCode(error) ?? String(error)})`;
    return false;
  }
}
