// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { Digest } from "../../oci/digest.ts";
import { createContentPlanner, type ContentLocation } from "./content-plan.ts";
import { openLayerTar, type LayerSource } from "./open-layer-tar.ts";
import { readPlanned } from "./read-planned.ts";
import { cutContent, fillHoles, storedLength, type StoredContent } from "./stored-content.ts";

/** What a layer's index knows of one file. */
export interface IndexedFile {
  readonly location: ContentLocation;
  readonly size: number;
  /** Undefined for a file that is mostly a hole. */
  readonly digest: Digest | undefined;
  /** Where the content lies in the layer; undefined when the index does not say. */
  readonly stored: StoredContent | undefined;
}

/** What to call the file in messages. */
export interface ReadEntryOptions extends AbortOptions {
  readonly what: string;
}

/**
 * The content of one file, verified by the digest that was taken when its layer was indexed: the layer is
 * read up to the file's end and no further, and of an uncompressed layer only the file's own bytes. A file without such a digest is verified with its whole layer,
 * which is then read to its end.
 * @throws OciError while reading: as `openLayerTar`; `digest-mismatch`, `invalid-layer`
 */
export function readEntry(
  source: LayerSource,
  file: IndexedFile,
  { signal, what }: ReadEntryOptions,
): Bytes {
  const { location, size, digest, stored } = file;
  if (digest === undefined) return parseEntry(source, file, { signal });
  if (stored === undefined) {
    return verify(parseEntry(source, file, { signal }), { digest, size }, { what });
  }
  const content = isUncompressed(source, location)
    ? fillHoles(readStored(source, location, stored, { signal }), stored, size)
    : cutContent(openLayerTar(source, location.layer, { signal }), stored, size, what);
  return verify(content, { digest, size }, { what });
}

/** Whether a layer is stored as its tar, whatever its media type says. */
function isUncompressed({ image }: LayerSource, { layer }: ContentLocation): boolean {
  const diffId: string | undefined = image.config.value.rootfs.diff_ids[layer];
  return image.manifest.value.layers[layer]?.digest === diffId;
}

async function* readStored(
  { image }: LayerSource,
  { layer }: ContentLocation,
  stored: StoredContent,
  options: AbortOptions,
): Bytes {
  const length = storedLength(stored);
  if (length === 0) return;
  const range = { offset: stored.offset, length };
  yield* image.store.fetchRange(image.manifest.value.layers[layer]!, range, options);
}

async function* parseEntry(
  source: LayerSource,
  { location, size, digest }: IndexedFile,
  options: AbortOptions,
): Bytes {
  const planner = createContentPlanner<undefined>();
  planner.add(location, undefined, size);
  for await (const { content } of readPlanned(source, planner.plan(), options)) {
    if (content !== undefined) yield* content;
    if (digest !== undefined) return;
  }
}
