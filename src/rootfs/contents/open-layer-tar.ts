// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { decompressLayer } from "../../bytes/compression.ts";
import type { Image } from "../../image/image.ts";
import { shortDigest } from "../../oci/digest.ts";
import { OciError } from "../../oci/errors.ts";
import type { Limits } from "../../oci/limits.ts";
import { layerCompression } from "../../oci/media-types.ts";

/** An image whose layers can be read, and the limits for reading them. */
export interface LayerSource {
  readonly image: Image;
  readonly limits?: Partial<Limits> | undefined;
}

export interface LayerTarOptions extends AbortOptions {
  /**
   * Set it when the caller does expensive work on the bytes: a large gzip layer is then decompressed and
   * hashed in another thread.
   */
  readonly inThread?: boolean | undefined;
  /** Called with the size of each chunk that is read of the compressed layer. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** From this blob size on a thread is worth starting. */
const WORTH_A_THREAD = 4 * 1024 * 1024;

/** The image's name for messages: its store and its shortened digest. */
export function nameImage({ store, descriptor }: Image): string {
  return `${store.name}@${shortDigest(descriptor.digest)}`;
}

/** A layer's name for messages. */
export function nameLayer(image: Image, layer: number): string {
  const digest = image.manifest.value.layers[layer]?.digest;
  const short = digest === undefined ? "" : ` (${shortDigest(digest)})`;
  return `${nameImage(image)}: layer ${layer}${short}`;
}

/**
 * The uncompressed tar of a layer. Reading it to its end verifies the blob by its digest and the tar by
 * the diffID in the image's configuration.
 * @throws OciError `invalid-argument` when there is no such layer, `unsupported-media-type`; while
 * reading: `diff-id-mismatch`, and what the store and decompression throw
 */
export function openLayerTar(
  { image, limits }: LayerSource,
  layer: number,
  { signal, onRead, inThread = false }: LayerTarOptions = {},
): Bytes {
  const descriptor = image.manifest.value.layers[layer];
  const diffId = image.config.value.rootfs.diff_ids[layer];
  if (descriptor === undefined || diffId === undefined) {
    throw new OciError(
      "invalid-argument",
      `${nameImage(image)}: expected a layer's number, got ${layer}`,
    );
  }
  const what = nameLayer(image, layer);
  const compression = layerCompression(descriptor.mediaType);
  if (compression === undefined) {
    throw new OciError(
      "unsupported-media-type",
      `${what}: expected a layer's media type, got ${JSON.stringify(descriptor.mediaType)}`,
      { details: { mediaType: descriptor.mediaType } },
    );
  }
  const blob = image.store.fetch(descriptor, { signal });
  const counted = onRead === undefined ? blob : count(blob, onRead);
  return decompressLayer(counted, compression, diffId, {
    limits,
    signal,
    what,
    inThread: inThread && descriptor.size >= WORTH_A_THREAD,
  });
}

async function* count(bytes: Bytes, onRead: (bytes: number) => void): Bytes {
  for await (const chunk of bytes) {
    onRead(chunk.length);
    yield chunk;
  }
}
