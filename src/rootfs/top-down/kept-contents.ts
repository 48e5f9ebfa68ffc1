// SPDX-License-Identifier: MIT
import type { ByteString } from "../../bytes/byte-string.ts";
import { once, type Bytes } from "../../bytes/bytes.ts";
import { digestBytes } from "../../bytes/hash.ts";
import { normalisePath } from "../../layer/normalise-path.ts";
import { nameOf } from "../../layer/path-parts.ts";
import type { Digest } from "../../oci/digest.ts";
import { handOutFiles } from "../contents/hand-out-contents.ts";
import type { LayerListener } from "../contents/read-layer-once.ts";
import type { LayerNode } from "../merge/layer-node.ts";

/** Contents that went by while layers were indexed, so that no layer is read again for them. */
export interface KeptContents {
  /** Listens to the reading of one layer. */
  readonly listener: () => LayerListener;
  /** The content of a file, if it was kept. Only of layers that were read to their ends, and are right. */
  readonly read: (node: LayerNode) => Bytes | undefined;
}

/** What all of them may take together. What is larger is read from its layer. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Keeps files that have the name of one of the paths: links on the way there change directories, and seldom names. */
export function keepContents(paths: readonly ByteString[]): KeptContents {
  const names = new Set(paths.map((path) => nameOf(normalisePath(path))));
  const kept = new Map<Digest, Uint8Array>();
  let left = MOST_BYTES;
  const listener = (): LayerListener => {
    let open: { readonly content: Uint8Array; got: number } | undefined;
    return handOutFiles({
      start({ path, size }, { storedSize }) {
        open = undefined;
        if (size === 0 || size > left || storedSize !== size) return;
        if (!names.has(nameOf(normalisePath(path)))) return;
        left -= size;
        open = { content: new Uint8Array(size), got: 0 };
      },
      data(chunk) {
        if (open === undefined) return;
        open.content.set(chunk, open.got);
        open.got += chunk.length;
      },
      finish() {
        if (open !== undefined) kept.set(digestBytes(open.content), open.content);
        open = undefined;
      },
    });
  };
  return {
    listener,
    read({ contentDigest }) {
      const content = contentDigest && kept.get(contentDigest);
      return content && once(content);
    },
  };
}
