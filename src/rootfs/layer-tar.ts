// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../bytes/bytes.ts";
import { decompressLayer, type DecompressLayerOptions } from "../bytes/compression.ts";
import { verify } from "../bytes/verify.ts";
import type { Image } from "../image/image.ts";
import { createLayerParser } from "../layer/parse/layer-parser.ts";
import { shortDigest } from "../oci/digest.ts";
import { OciError } from "../oci/errors.ts";
import type { Limits } from "../oci/limits.ts";
import { layerCompression } from "../oci/media-types.ts";
import type { LayerNode } from "./merge/layer-node.ts";

export interface LayerTarOptions extends AbortOptions {
  readonly limits?: Partial<Limits> | undefined;
  /** As that of `decompressLayer`. */
  readonly inThread?: DecompressLayerOptions["inThread"];
  /** Told how many bytes of the compressed layer there were, chunk by chunk. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** An image for messages: its store and its digest in short. */
export function nameImage({ store, descriptor }: Image): string {
  return `${store.name}@${shortDigest(descriptor.digest)}`;
}

/**
 * The uncompressed tar of a layer. Read to its end it is verified: the blob by its digest, the tar by
 * the diffID of the image's configuration.
 * @throws OciError `invalid-argument` when there is no such layer, `unsupported-media-type`; while
 * reading what the store and decompression throw, and `diff-id-mismatch`
 */
export function openLayerTar(image: Image, layer: number, options: LayerTarOptions = {}): Bytes {
  const descriptor = image.manifest.value.layers[layer];
  const diffId = image.config.value.rootfs.diff_ids[layer];
  const name = nameImage(image);
  if (descriptor === undefined || diffId === undefined) {
    throw new OciError("invalid-argument", `${name}: expected a layer's number, got ${layer}`);
  }
  const what = `${name}: layer ${layer} (${shortDigest(descriptor.digest)})`;
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new OciError(
      "unsupported-media-type",
      `${what}: expected a layer's media type, got ${JSON.stringify(descriptor.mediaType)}`,
      { details: { mediaType: descriptor.mediaType } },
    );
  }
  const { limits, signal, inThread, onRead } = options;
  const blob = image.store.fetch(descriptor, { signal });
  const counted = onRead === undefined ? blob : count(blob, onRead);
  return decompressLayer(counted, compression, diffId, { limits, signal, what, inThread });
}

async function* count(bytes: Bytes, onRead: (bytes: number) => void): Bytes {
  for await (const chunk of bytes) {
    onRead(chunk.length);
    yield chunk;
  }
}

/** Names what is read, in messages. */
export interface ReadEntryOptions extends LayerTarOptions {
  readonly what: string;
}

/**
 * The content of a file, verified by the digest that was taken when its layer was indexed. Its layer is
 * read up to the file's end and no further.
 */
export function readEntry(image: Image, node: LayerNode, options: ReadEntryOptions): Bytes {
  const tar = openLayerTar(image, node.layer.number, options);
  const { contentDigest: digest, size } = node;
  const content = selectEntry(tar, node, options);
  return digest === undefined ? content : verify(content, { digest, size }, options);
}

async function* selectEntry(tar: Bytes, node: LayerNode, options: ReadEntryOptions): Bytes {
  let current = -1;
  let left = node.size;
  let chunks: (Uint8Array | number)[] = [];
  const parser = createLayerParser(
    {
      entry: () => (current += 1),
      data: (chunk) => {
        if (current === node.ordinal) chunks.push(chunk.slice());
      },
      hole: (length) => {
        if (current === node.ordinal) chunks.push(length);
      },
    },
    options,
  );
  // Without a digest of its own (a file that is mostly a hole) only the layer's end verifies it.
  const stopsEarly = node.contentDigest !== undefined;
  if (left === 0 && stopsEarly) return;
  for await (const chunk of tar) {
    parser.feed(chunk);
    const ready = chunks;
    chunks = [];
    for (const part of ready) {
      left -= typeof part === "number" ? part : part.length;
      if (typeof part === "number") yield* zeros(part);
      else yield part;
    }
    if (left === 0 && stopsEarly) return;
  }
  parser.end();
}

/** The zeros of a hole, which may be terabytes: always the same ones. */
function* zeros(length: number): Generator<Uint8Array> {
  const chunk = new Uint8Array(Math.min(length, 64 * 1024));
  for (let left = length; left > 0; left -= chunk.length) {
    yield left < chunk.length ? chunk.subarray(0, left) : chunk;
  }
}
