// SPDX-License-Identifier: MIT
import type { ExaminedImage } from "../../verify/image/examined-image.ts";
import { describeLayers } from "./image-layers.ts";
import type { ImageLook } from "./image-look.ts";
import { followLinks } from "./link-chains.ts";
import { graphPrograms } from "./program-graph.ts";
import { measureTree } from "./sized-tree.ts";

/**
 * Takes from an examined image what can be shown of it. Reads no content.
 * @throws what the root throws
 */
export function lookAtImage(
  examined: Pick<ExaminedImage, "root" | "image" | "indexes" | "closure" | "started">,
): ImageLook {
  const { root, image, indexes, closure, started } = examined;
  return {
    layers: image === undefined ? [] : describeLayers(image, indexes),
    tree: measureTree(root),
    chains: followLinks(root),
    programs: closure && graphPrograms(closure, started),
  };
}
