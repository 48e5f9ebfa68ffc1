// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import type { Digest } from "../../oci/digest.ts";
import type { LayerIndex } from "../../rootfs/layer-index/layer-index.ts";
import { listSteps } from "../../rootfs/look/image-history.ts";

/** One layer, with what it takes. */
export interface ImageLayer {
  /** From 0, the lowest. */
  readonly number: number;
  readonly digest: Digest;
  /** Bytes of its blob. */
  readonly blob: number;
  /** Bytes of content of its files. */
  readonly bytes: number;
  /** Bytes of content that the image does not show, because a higher layer or a later entry hides them. */
  readonly hidden: number;
  readonly entries: number;
  readonly removals: number;
  /** What the image's history says of it. */
  readonly createdBy: string | undefined;
}

/** The layers of an image, the lowest first. @throws what `listSteps` throws */
export function describeLayers(image: Image, indexes: readonly LayerIndex[]): ImageLayer[] {
  return listSteps(image, indexes).flatMap(({ layer, history }) => {
    if (layer === undefined) return [];
    const { number, descriptor, bytes, wasted, entries, removals } = layer;
    const createdBy = history?.created_by ?? history?.comment;
    const { digest, size: blob } = descriptor;
    return [{ number, digest, blob, bytes, hidden: wasted, entries, removals, createdBy }];
  });
}
