// SPDX-License-Identifier: MIT
import type { Source } from "../../bytes/bytes.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import type { DiffId } from "../../oci/digest.ts";
import type { Document } from "../../oci/documents/document.ts";
import type { ImageConfig } from "../../oci/documents/image-config.ts";
import type { Compression } from "../../oci/media-types.ts";
import type { ReadableStore } from "../../store/store.ts";
import type { Image } from "../image.ts";

/**
 * An image that is not written yet: an existing image with changes to its layers, configuration or
 * annotations. Making a view reads nothing and writes nothing. `writeImage` writes it: only then are existing
 * layers copied from their stores, and new ones made, each once.
 */
export interface ImageView {
  /** The image that it was made from. */
  readonly image: Image;
  /** All of the configuration but `rootfs`, which `writeImage` computes from the layers. */
  readonly config: Document<ImageConfig>;
  readonly layers: readonly ViewLayer[];
  /** Annotations of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A layer of a view: an existing or a new one. */
export type ViewLayer =
  | {
      readonly kind: "stored";
      readonly store: ReadableStore;
      readonly descriptor: Descriptor;
      readonly diffId: DiffId;
    }
  | { readonly kind: "new"; readonly layer: NewLayer };

/** A layer that is made when the view is written. */
export interface NewLayer {
  /** What the layer is called in messages and in the history. */
  readonly name: string;
  /** The directory that the layer is made from, if it is made from one. The target must not be inside it. */
  readonly directory?: string | undefined;
  /** A tar, compressed or not. It is opened once or twice, and must give the same bytes each time. */
  readonly source: Source;
  /** How the source is compressed. */
  readonly compression: Compression;
  /** How the layer will be compressed. If the source is compressed in that way already, its bytes are kept. */
  readonly storedAs: Compression;
}

/** An image as a view without changes. Written, it is the same image, byte for byte. */
export function viewOf(image: Image): ImageView {
  const { config, manifest } = image;
  return {
    image,
    config,
    layers: storedLayers(image),
    annotations: manifest.value.annotations ?? {},
  };
}

/** The layers of an image, each with the store that holds it. */
export function storedLayers({ store, manifest, config }: Image): readonly ViewLayer[] {
  return manifest.value.layers.map((descriptor, at) => ({
    kind: "stored",
    store,
    descriptor,
    diffId: config.value.rootfs.diff_ids[at]!,
  }));
}
