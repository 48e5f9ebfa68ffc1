// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { OciError } from "../../oci/errors.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";

/**
 * An image reduced to one of its layers. The parsed documents describe only that layer, but their bytes,
 * and so the image's digest, remain those of the whole image.
 * @throws OciError `invalid-argument` if there is no such layer
 */
export function onlyLayer(image: Image, layer: number): Image {
  const { manifest, config } = image;
  const descriptor = manifest.value.layers[layer];
  const diffId = config.value.rootfs.diff_ids[layer];
  if (descriptor === undefined || diffId === undefined) {
    const last = manifest.value.layers.length - 1;
    throw new OciError(
      "invalid-argument",
      `${nameImage(image)}: expected a layer's number from 0 to ${last}, got ${layer}`,
      { details: { layer } },
    );
  }
  const rootfs = { ...config.value.rootfs, diff_ids: [diffId] };
  return {
    ...image,
    manifest: { ...manifest, value: { ...manifest.value, layers: [descriptor] } },
    config: { ...config, value: { ...config.value, rootfs } },
  };
}
