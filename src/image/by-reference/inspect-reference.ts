// SPDX-License-Identifier: MIT
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { isIndexType } from "../../oci/media-types.ts";
import { readDocumentBytes } from "../../store/read-documents.ts";
import { readImage, type Image } from "../image.ts";
import { listImages, type ImageListing } from "../list-images.ts";
import { rootOf, withSource, type Named, type SourceOptions } from "./with-reference.ts";

/** What a reference means. */
export type Inspected =
  | ({ readonly kind: "image" } & Image)
  | ({
      readonly kind: "index";
      readonly descriptor: Descriptor;
      /** Images that the source names and does not hold, as archives of `docker save` do. */
      readonly absent: readonly Descriptor[];
    } & ImageListing);

/**
 * Reads what a reference means: of an image its documents, of an index what it lists; no layer.
 * @throws OciError `unsupported-media-type` for an artifact; what opening and reading throw
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

/** The verified bytes of the manifest or index that a reference means, whatever it describes. */
export function readRoot(reference: Named, options: SourceOptions = {}): Promise<Uint8Array> {
  return withSource(reference, options, async (source) =>
    readDocumentBytes(source.store, await rootOf(source, options), options),
  );
}
