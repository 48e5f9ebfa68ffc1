// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import { OciError } from "../../oci/errors.ts";
import type { Node, RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { checkIdMap, formatIdRange, toImage, type IdRange } from "../../disk/inode/id-map.ts";

/** How owners on the disk are translated to owners in the image. Empty maps leave them as they are. */
export interface OwnerMaps {
  readonly uidMap: readonly IdRange[];
  readonly gidMap: readonly IdRange[];
}

/**
 * A root filesystem whose owner numbers are mapped from those on the disk to those in the image. Hard links
 * remain one node with several names.
 * @throws OciError `invalid-argument` for invalid maps; from `lstat` for an owner outside all ranges
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
    // stays lazy: read only on request
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
