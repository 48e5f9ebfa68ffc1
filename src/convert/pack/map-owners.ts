// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { checkIdMap, formatIdRange, toImage, type IdRange } from "../../disk/inode/id-map.ts";

/** How the owners of a directory are those of an image. Empty maps: they are the same. */
export interface OwnerMaps {
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
}

/**
 * A root filesystem with its owners' numbers mapped from those of the disk to those of the image. Hard
 * links stay nodes of several names.
 * @throws OciError `invalid-argument` for maps that are none; from `lstat` for an owner in no range
 */
export function mapOwners<Root extends RootFilesystem>(root: Root, maps: OwnerMaps): Root {
  if (maps.uidMap.length === 0 && maps.gidMap.length === 0) return root;
  checkIdMap(maps.uidMap);
  checkIdMap(maps.gidMap);
  const mapped = new WeakMap<Node, Node>();
  return {
    ...root,
    lstat(path) {
      const node = root.lstat(path);
      if (node === undefined) return undefined;
      const known = mapped.get(node);
      if (known !== undefined) return known;
      const made = withOwner(node, path, maps);
      mapped.set(node, made);
      return made;
    },
  };
}

function withOwner(node: Node, path: ByteString, { uidMap, gidMap }: OwnerMaps): Node {
  const uid = numberIn(uidMap, node.uid, path, "user");
  const gid = numberIn(gidMap, node.gid, path, "group");
  if (uid === node.uid && gid === node.gid) return node;
  return {
    type: node.type,
    mode: node.mode,
    uid,
    gid,
    userName: node.userName,
    groupName: node.groupName,
    mtime: node.mtime,
    mtimeNanoseconds: node.mtimeNanoseconds,
    size: node.size,
    linkTarget: node.linkTarget,
    deviceMajor: node.deviceMajor,
    deviceMinor: node.deviceMinor,
    extensions: node.extensions,
    linkCount: node.linkCount,
    // what is read only when it is asked for stays so
    get xattrs() {
      return node.xattrs;
    },
    get contentDigest() {
      return node.contentDigest;
    },
    get head() {
      return node.head;
    },
  };
}

function numberIn(
  map: readonly IdRange[],
  id: number,
  path: ByteString,
  what: "user" | "group",
): number {
  const mapped = toImage(map, id);
  if (mapped !== undefined) return mapped;
  throw new OciError(
    "invalid-argument",
    `${toText(path)}: expected its ${what} ${id} in one of the ranges ${map.map(formatIdRange).join(", ")}`,
    { details: { path, id }, hint: "A range is IMAGE:DISK[:SIZE]." },
  );
}
