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
 * An image that is not written yet: one that is, with other layers, another configuration, other
 * annotations. Making one reads nothing and changes nothing; `writeImage` writes it. Layers that exist
 * stay in their stores until then, and layers that do not are made then, once.
 */
export interface ImageView {
  /** What it was made from. */
  readonly image: Image;
  /** All but `rootfs`, which follows from the layers when they are written. */
  readonly config: Document<ImageConfig>;
  readonly layers: readonly ViewLayer[];
  /** Of the manifest. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** A layer of a view, the lowest first. */
export type ViewLayer =
  | {
      readonly kind: "stored";
      readonly store: ReadableStore;
      readonly descriptor: Descriptor;
      readonly diffId: DiffId;
    }
  | { readonly kind: "new"; readonly layer: NewLayer };

/** A layer that is made when it is written. */
export interface NewLayer {
  /** For messages and for the history. */
  readonly name: string;
  /** The directory that it is made of, where it is: the target must not lie in it. */
  readonly directory?: string | undefined;
  /** A tar, compressed or not. Opened once or twice; it has to give the same bytes. */
  readonly source: Source;
  /** How the source is compressed. */
  readonly compression: Compression;
  /** How it shall be stored. A gzip or zstd that is to stay one keeps its bytes. */
  readonly storedAs: Compression;
}

/** An image as a view in which nothing is changed: written, it is the same image, byte for byte. */
export function viewOf(image: Image): ImageView {
  const { config, manifest } = image;
  return {
    image,
    config,
    layers: storedLayers(image),
    annotations: manifest.value.annotations ?? {},
  };
}

/** The layers of an image, where they are. */
export function storedLayers({ store, manifest, config }: Image): readonly ViewLayer[] {
  return manifest.value.layers.map((descriptor, at) => ({
    kind: "stored",
    store,
    descriptor,
    diffId: config.value.rootfs.diff_ids[at]!,
  }));
}
