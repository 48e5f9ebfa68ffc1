// SPDX-License-Identifier: MIT
import type { Image } from "../../image/image.ts";
import { OciError } from "../../oci/errors.ts";
import { nameImage } from "../../rootfs/contents/open-layer-tar.ts";

/**
 * An image as if one of its layers were the only one. Its documents say so too; their bytes, and with
 * them the image's digest, stay those of the whole.
 * @throws OciError `invalid-argument` when there is no such layer
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
