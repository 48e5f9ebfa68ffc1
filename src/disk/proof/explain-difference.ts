// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import type { FieldDifference } from "../../rootfs/compare/compare-nodes.ts";
import type { Node } from "../../rootfs/root-filesystem.ts";
import type { DiskNode } from "../disk-node.ts";
import { isEnvironmentLabel } from "../xattrs/environment-labels.ts";
import { toDisk } from "../inode/id-map.ts";
import { formatRootlessOwner, ROOTLESS_OWNER } from "../xattrs/rootless-owner.ts";
import type { MetadataPolicy } from "../metadata-policy.ts";

/** The user who unpacks, to whom files belong whose owner is not set. */
export interface Maker {
  readonly uid: number;
  /** The user's own group, and the group of the parent directory if that has the set-group-ID bit. */
  readonly gids: readonly number[];
}

const SETUID = 0o4000;
const SETGID = 0o2000;
const BILLION = 1_000_000_000n;
/** The largest error of Node 20 in nanoseconds: it cuts times to microseconds. */
const CUT = 1000;

/**
 * Whether the policy accounts for a difference between an image's node and the disk: neither the disk nor
 * the user could do better.
 */
export function isExplained(
  { field, xattr }: FieldDifference,
  node: Node,
  disk: DiskNode,
  policy: MetadataPolicy,
  maker: Maker,
): boolean {
  switch (field) {
    case "owner":
      return isExplainedOwner(node, disk, policy, maker);
    case "type":
      return (
        isSpecial(node.type) &&
        policy.refusals.special.has(node.type) &&
        disk.type === "file" &&
        disk.size === 0
      );
    case "mode":
      return isExplainedMode(node, disk, policy);
    case "time":
      return isNearestTime(node, disk);
    case "xattrs":
      return xattr !== undefined && isExplainedXattr(xattr, node, disk, policy);
    default:
      return false;
  }
}

function isSpecial(type: Node["type"]): type is "character" | "block" | "fifo" {
  return type === "character" || type === "block" || type === "fifo";
}

function isExplainedOwner(
  node: Node,
  disk: DiskNode,
  policy: MetadataPolicy,
  maker: Maker,
): boolean {
  const { sameOwner, uidMap, gidMap, refusals } = policy;
  const isLeft = !sameOwner || refusals.owner !== undefined;
  return (
    (disk.uid === toDisk(uidMap, node.uid) || (isLeft && disk.uid === maker.uid)) &&
    (disk.gid === toDisk(gidMap, node.gid) || (isLeft && maker.gids.includes(disk.gid)))
  );
}

/** Whether the modes differ at most by set-id bits that are missing because the owner or group is not the node's. */
function isExplainedMode(node: Node, disk: DiskNode, { uidMap, gidMap }: MetadataPolicy): boolean {
  let droppable = 0;
  if (disk.uid !== toDisk(uidMap, node.uid)) droppable |= SETUID;
  if (disk.gid !== toDisk(gidMap, node.gid)) droppable |= SETGID;
  return (disk.mode | droppable) === (node.mode | droppable) && (disk.mode & ~node.mode) === 0;
}

/** The last second that file systems can store: signed and unsigned 32 bits, ext4, and XFS with big times. */
const LAST_SECONDS = [2 ** 31 - 1, 2 ** 32 - 1, 15_032_385_535, 16_299_260_424];
const FIRST_SECOND = -(2 ** 31);

/**
 * Whether a time is as close as Node and the disk allow: within a microsecond or the error of a double of
 * that size; without nanoseconds on a disk that has none; or the first or last time that the disk supports.
 */
function isNearestTime(node: Node, disk: DiskNode): boolean {
  const off = BigInt(node.mtime) * BILLION + BigInt(node.mtimeNanoseconds) - disk.stamp.mtimeNs;
  const missed = CUT + Math.ceil(Math.abs(node.mtime) * 2 ** -52 * 1e9);
  if (off <= missed && off >= -missed) return true;
  if (disk.mtimeNanoseconds !== 0) return false;
  return (
    disk.mtime === node.mtime ||
    (off > 0 && LAST_SECONDS.includes(disk.mtime)) ||
    (off < 0 && disk.mtime === FIRST_SECOND)
  );
}

function isExplainedXattr(
  name: ByteString,
  node: Node,
  disk: DiskNode,
  { refusals, rootlessXattr }: MetadataPolicy,
): boolean {
  if (isEnvironmentLabel(name)) return true;
  if (name === ROOTLESS_OWNER && rootlessXattr) {
    return disk.xattrs.get(name) === formatRootlessOwner(node.uid, node.gid);
  }
  const value = node.xattrs.get(name);
  if (value !== undefined && refusals.xattrs.has(name)) return true;
  return name === CAPABILITY && value !== undefined && disk.xattrs.get(name) === asVersion2(value);
}

const CAPABILITY = "security.capability";

/**
 * Converts file capabilities to version 2. Linux returns version 3 with root user 0 as version 2, which means
 * the same. The fourth byte is the version; the last four bytes are the root user.
 */
function asVersion2(value: ByteString): string | undefined {
  if (value.length !== 24 || value[3] !== "\x03" || value.slice(20) !== "\0\0\0\0")
    return undefined;
  return `${value.slice(0, 3)}\x02${value.slice(4, 20)}`;
}
