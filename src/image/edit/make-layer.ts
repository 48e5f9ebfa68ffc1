// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { compress, decompress } from "../../bytes/compression.ts";
import { createHasher, type Hasher } from "../../bytes/hash.ts";
import { drain } from "../../bytes/streams/read-all.ts";
import { subjectOf } from "../../layer/edit/edit-entry.ts";
import { createLayerParser } from "../../layer/parse/layer-parser.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { diffIdOf, digestOf } from "../../oci/digest.ts";
import type { Limits } from "../../oci/limits.ts";
import { layerMediaType } from "../../oci/media-types.ts";
import type { StoredLayer } from "../../store/layer-output.ts";
import type { ContentStore } from "../../store/store.ts";
import type { NewLayer } from "./image-view.ts";

export interface MakeLayerOptions extends AbortOptions {
  /** Computes digest, size and diffID of the layer, and stores nothing. */
  readonly dryRun?: boolean | undefined;
  /** The compression level. */
  readonly level?: number | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Called with the length of each chunk of the uncompressed layer. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/**
 * Makes a layer and stores it. If the source is compressed as wanted, it is first read to compute digest and
 * diffID, and then stored unless the target has it; otherwise the layer is compressed straight into the
 * store. In both cases it is parsed, and refused when it is not a layer or has a path that leads out of the
 * root.
 * @throws OciError `invalid-layer`, `path-escape`; what the source, decompression and the store throw
 */
export async function makeLayer(
  layer: NewLayer,
  target: ContentStore,
  options: MakeLayerOptions = {},
): Promise<StoredLayer> {
  const { name: what, source, compression, storedAs } = layer;
  const { signal, limits, level, dryRun } = options;
  const mediaType = layerMediaType(storedAs);
  const diffHasher = createHasher("sha256");
  const tarOf = (bytes: Bytes): Bytes => {
    const tar = decompress(bytes, compression, { signal, limits, what });
    return watch(hashing(tar, diffHasher), what, options);
  };
  const open = (): Bytes => source.open({ signal });
  const diffId = () => diffIdOf(digestOf("sha256", diffHasher.hex()));
  if (compression === storedAs && compression !== "none") {
    const descriptor = await describeBytes(mediaType, open(), (bytes) => drain(tarOf(bytes)));
    if (dryRun !== true) await target.push(descriptor, source, { signal });
    return { descriptor, diffId: diffId() };
  }
  const blob = compress(tarOf(open()), storedAs, { level, signal });
  const descriptor =
    dryRun === true
      ? await describeBytes(mediaType, blob, drain)
      : await target.ingest(mediaType, blob, { signal });
  return { descriptor, diffId: diffId() };
}

/** The descriptor of bytes, computed while a reader reads them to their end. */
async function describeBytes(
  mediaType: string,
  bytes: Bytes,
  read: (bytes: Bytes) => Promise<unknown>,
): Promise<Descriptor> {
  const hasher = createHasher("sha256");
  let size = 0;
  await read(hashing(bytes, hasher, (length) => (size += length)));
  return { mediaType, digest: digestOf("sha256", hasher.hex()), size };
}

async function* hashing(bytes: Bytes, hasher: Hasher, onBytes?: (length: number) => void): Bytes {
  for await (const chunk of bytes) {
    hasher.update(chunk);
    onBytes?.(chunk.length);
    yield chunk;
  }
}

/** The same bytes, parsed as a layer as they pass. */
async function* watch(tar: Bytes, what: string, { limits, onBytes }: MakeLayerOptions): Bytes {
  const ignore = (): void => undefined;
  const handler = { entry: subjectOf, data: ignore, hole: ignore };
  const parser = createLayerParser(handler, { limits, what });
  for await (const chunk of tar) {
    parser.feed(chunk);
    onBytes?.(chunk.length);
    yield chunk;
  }
  parser.end();
}
