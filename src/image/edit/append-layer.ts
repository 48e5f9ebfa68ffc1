// SPDX-License-Identifier: MIT
import { completeHistory } from "./history.ts";
import type { ImageView, NewLayer } from "./image-view.ts";
import { rewriteConfig } from "./rewrite-document.ts";

export interface AppendLayerOptions {
  /**
   * The new `created` of the image, and of the new layer's entry in the history (RFC 3339). Default: the
   * image's present one.
   */
  readonly created?: string | undefined;
}

/** Puts one more layer on top of the image, with an entry in the history. Nothing else changes. */
export function appendLayer(
  view: ImageView,
  layer: NewLayer,
  options: AppendLayerOptions = {},
): ImageView {
  const { created = view.config.value.created } = options;
  const entry = { created, created_by: `oci-kit append: ${layer.name}` };
  const history = [...completeHistory(view.config.value), entry];
  return {
    ...view,
    config: rewriteConfig(view.config, { image: { created, history } }),
    layers: [...view.layers, { kind: "new", layer }],
  };
}
