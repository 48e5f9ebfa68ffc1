// SPDX-License-Identifier: MIT
import { type ByteString, toBytes } from "../../bytes/byte-string.ts";
import { type Hasher, createHasher } from "../../bytes/hash.ts";
import type { Entry } from "../../layer/entry.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import { filesOf, type ArrangedLayer } from "./arrange-layer.ts";
import { entriesOf } from "../../rootfs/export/node-entries.ts";
import { quotePath } from "../recipe/recipe-path.ts";

/** To be changed whenever we write different bytes for the same entries. */
export const LAYER_FORMAT = "oci-kit layer 1";

/**
 * Identifies a layer's bytes before they are made: a digest over every entry in order, with all its
 * metadata and the digest of its content. Two layers with the same key have the same tar. The compression
 * is part of the key, because an unchanged layer is reused in its compressed form.
 */
export function layerKey(layer: ArrangedLayer, compression: string): Digest {
  const hasher = createHasher("sha256");
  feed(hasher, LAYER_FORMAT, compression);
  for (const { entry, content } of layer.head) {
    feedEntry(hasher, entry);
    if (content !== undefined) hasher.update(content);
  }
  for (const part of layer.parts) {
    for (const file of filesOf(part)) {
      for (const entry of entriesOf(file.node, file.paths)) feedEntry(hasher, entry);
      const digest = file.node.contentDigest;
      if (digest !== undefined) feed(hasher, digest);
      else throw unknownContent(part.tree.root.name, file.source);
    }
  }
  return digestOf("sha256", hasher.hex());
}

function feedEntry(hasher: Hasher, entry: Entry): void {
  feed(
    hasher,
    entry.type,
    entry.path,
    entry.linkTarget,
    entry.userName,
    entry.groupName,
    [entry.mode, entry.uid, entry.gid, entry.mtime, entry.mtimeNanoseconds].join(),
    [entry.size, entry.deviceMajor, entry.deviceMinor].join(),
    String(entry.xattrs.size),
    ...flatten(entry.xattrs),
    ...flatten(entry.extensions),
  );
}

function flatten(map: ReadonlyMap<ByteString, ByteString>): ByteString[] {
  return map.size === 0 ? [] : [...map].flat();
}

/** Feeds each part with its length, so that no two lists of parts produce the same bytes. */
function feed(hasher: Hasher, ...parts: readonly string[]): void {
  const lengths = parts.map((part) => part.length).join();
  hasher.update(toBytes(`${lengths};${parts.join("")}\n` as ByteString));
}

function unknownContent(root: string, path: ByteString): OciError {
  return new OciError(
    "unreadable",
    `${root}: ${quotePath(path)}: expected its content's digest to be known from the index`,
  );
}
