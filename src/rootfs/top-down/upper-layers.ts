// SPDX-License-Identifier: MIT
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { Image } from "../../image/image.ts";
import { parentOf } from "../../layer/path-parts.ts";
import { viewTree, type ImageFilesystem, type ViewOptions } from "../image-filesystem.ts";
import type { LayerIndex } from "../layer-index/layer-index.ts";
import { LayerNode } from "../merge/layer-node.ts";
import { mergeLayers } from "../merge/merge-layers.ts";
import { createHidden } from "./grounded-layer.ts";

/** Says that a question can't be answered from the upper layers of an image alone. */
export class UndecidedByUpperLayers extends Error {
  constructor(path: ByteString) {
    super(`what is at ${toText(path)} is decided by lower layers`);
  }
}

/**
 * The filesystem of an image as far as its upper layers decide it: all of them must be grounded. Whatever asks for
 * more gets {@link UndecidedByUpperLayers}. `paths` are those of the upper layers: every name of a file that is
 * there is among them.
 * @param indexes by the layers' numbers, from `lowest` on
 */
export function viewUpperLayers(
  image: Image,
  indexes: readonly LayerIndex[],
  lowest: number,
  options: ViewOptions = {},
): ImageFilesystem & { readonly isPartial: true } {
  const upper = indexes.slice(lowest);
  const hidden = createHidden();
  for (const index of upper) hidden.add(index);
  const view = viewTree(image, indexes, mergeLayers(upper, { ...options, lowest }), options);
  const lstat: ImageFilesystem["lstat"] = (path) => {
    const node = view.lstat(path);
    if (node instanceof LayerNode) return node;
    if (path === "/" || node !== undefined) throw new UndecidedByUpperLayers(path);
    if (hidden.hides(path)) return undefined;
    // What is below a file is not there, whatever lower layers have.
    const parent = lstat(parentOf(path));
    if (parent?.type === "directory") throw new UndecidedByUpperLayers(path);
    return undefined;
  };
  return {
    ...view,
    isPartial: true,
    lstat,
    list(path) {
      const node = lstat(path);
      if (node?.type === "directory" && !hidden.hidesBelow(path)) {
        throw new UndecidedByUpperLayers(path);
      }
      return view.list(path);
    },
  };
}
