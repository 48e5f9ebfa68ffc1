// SPDX-License-Identifier: MIT
import type { AbortOptions, Bytes } from "../../bytes/bytes.ts";
import { verify } from "../../bytes/verify.ts";
import type { Digest } from "../../oci/digest.ts";
import { createContentPlanner, type ContentLocation } from "./content-plan.ts";
import { openLayerTar, type LayerSource } from "./open-layer-tar.ts";
import { readPlanned } from "./read-planned.ts";
import { cutContent, type StoredContent } from "./stored-content.ts";

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
 * read up to the file's end and no further. A file without such a digest is verified with its whole layer,
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
  const content =
    stored === undefined
      ? parseEntry(source, file, { signal })
      : cutContent(openLayerTar(source, location.layer, { signal }), stored, size, what);
  return verify(content, { digest, size }, { what });
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
