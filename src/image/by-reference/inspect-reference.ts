// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { readDocumentBytes } from "../../store/read-documents.ts";
import { readImage, type Image } from "../image.ts";
import { listImages, type ImageListing } from "../list-images.ts";
import { rootOf, withSource, type Named, type SourceOptions } from "./with-reference.ts";

/** What a reference names: an image, or an index with what it lists. */
export type Inspected =
  | ({ readonly kind: "image" } & Image)
  | ({
      readonly kind: "index";
      readonly descriptor: Descriptor;
      /** Images that the source names but does not hold, as in archives by `docker save`. */
      readonly absent: readonly Descriptor[];
    } & ImageListing);

/**
 * Reads what a reference names: the manifest and configuration of an image, or the list of an index. Reads no
 * layers.
 * @throws OciError `unsupported-media-type` for an artifact; whatever opening and reading throw
 */
export function inspectReference(
  reference: Named,
  options: SourceOptions = {},
): Promise<Inspected> {
  return withSource(reference, options, async (source): Promise<Inspected> => {
    const root = await rootOf(source, options);
    if (!isIndexType(root.mediaType)) {
      return { kind: "image", ...(await readImage(source.store, root, options)) };
    }
    const listing = await listImages(source.store, root, options);
    const absent = (await source.store.capabilities.absent?.(options)) ?? [];
    return { kind: "index", descriptor: root, absent, ...listing };
  });
}

/** The verified bytes of the manifest or index that a reference names, including those of artifacts. */
export function readRoot(reference: Named, options: SourceOptions = {}): Promise<Uint8Array> {
  return withSource(reference, options, async (source) =>
    readDocumentBytes(source.store, await rootOf(source, options), options),
  );
}
