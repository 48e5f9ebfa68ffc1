// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { compress, decompressLayer } from "../../bytes/compression.ts";
import { chooseFor, type CompressionWish } from "../../bytes/level/compression-choice.ts";
import { createHasher } from "../../bytes/hash.ts";
import { digestOf, type DiffId } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { Limits } from "../../oci/limits.ts";
import { layerCompression, layerMediaType } from "../../oci/media-types.ts";
import { withCompressionNote } from "./compression-note.ts";
import type { ContentStore, ReadableStore } from "../../store/store.ts";

export interface RecompressOptions extends AbortOptions, CompressionWish {
  /** The digest of the uncompressed tar according to the image's configuration. */
  readonly diffId: DiffId;
  /** Compress only to learn digest and size, and store nothing. */
  readonly dryRun: boolean;
  readonly limits?: Partial<Limits> | undefined;
  /** Told the length of each chunk that is read. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Compresses a layer anew, straight from one store into another. The tar in between is checked against its
 * diffID, so that the new layer unpacks to the same bytes.
 * @returns the new layer's descriptor with OCI's media type, a note of how it was made, and what the old one says
 *   besides
 * @throws OciError `diff-id-mismatch`; what decompression and the stores throw
 */
export async function recompressLayer(
  source: ReadableStore,
  layer: Descriptor,
  target: ContentStore,
  { diffId, dryRun, limits, signal, onBytes, ...wish }: RecompressOptions,
): Promise<Descriptor> {
  const { compression, level } = await chooseFor(wish);
  const what = `${source.name}: layer ${layer.digest}`;
  const stored = counted(source.fetch(layer, { signal }), onBytes);
  const now = layerCompression(layer.mediaType)!;
  const tar = decompressLayer(stored, now, diffId, { limits, signal, what });
  const mediaType = layerMediaType(compression);
  const bytes = compress(tar, compression, { level, signal });
  const { digest, size } = dryRun
    ? await describeBytes(bytes)
    : await target.ingest(mediaType, bytes, { signal });
  const made = { ...layer, mediaType, digest, size, data: undefined, urls: undefined };
  return withCompressionNote(made, { compression, level }, diffId);
}

async function* counted(bytes: Bytes, onBytes: ((bytes: number) => void) | undefined): Bytes {
  for await (const chunk of bytes) {
    onBytes?.(chunk.length);
    yield chunk;
  }
}

async function describeBytes(bytes: Bytes): Promise<Pick<Descriptor, "digest" | "size">> {
  const hasher = createHasher("sha256");
  let size = 0;
  for await (const chunk of bytes) {
    hasher.update(chunk);
    size += chunk.length;
  }
  return { digest: digestOf("sha256", hasher.hex()), size };
}
