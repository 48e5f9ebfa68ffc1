// SPDX-License-Identifier: MIT
import { completeHistory } from "./history.ts";
import type { ImageView, NewLayer } from "./image-view.ts";
import { rewriteConfig } from "./rewrite-document.ts";

export interface AppendLayerOptions {
  /** RFC 3339: the new `created` of the image and of the layer's history. Default: the image's own. */
  readonly created?: string | undefined;
}

/** The image with one more layer on top, and with an entry of the history for it. Nothing else changes. */
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
