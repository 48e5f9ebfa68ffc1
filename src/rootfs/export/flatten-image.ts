// SPDX-License-Identifier: MIT
import type { Source } from "../../bytes/bytes.ts";
import { skip } from "../../bytes/streams/cut-bytes.ts";
import type { ImageView } from "../../image/edit/image-view.ts";
import { rewriteConfig } from "../../image/edit/rewrite-document.ts";
import type { Compression } from "../../oci/media-types.ts";
import { exportTree, type ExportTreeOptions } from "./export-tree.ts";
import type { ImageFilesystem } from "../image-filesystem.ts";

export interface FlattenOptions extends Pick<ExportTreeOptions, "limits"> {
  /** RFC 3339: the new `created` of the image and of its history. Default: the image's own. */
  readonly created?: string | undefined;
  /** How the layer is stored. Default gzip. */
  readonly compression?: Compression | undefined;
}

/**
 * The image with its layers replaced by one: its merged tree as {@link exportTree} writes it, with one
 * history entry. Its configuration and annotations stay.
 * @param filesystem the merged filesystem of the image that `view` shows; `view` must still have the same layers
 */
export function flattenImage(
  view: ImageView,
  filesystem: ImageFilesystem,
  options: FlattenOptions = {},
): ImageView {
  const { created = view.config.value.created, compression = "gzip", limits } = options;
  const history = [{ created, created_by: "oci-kit flatten" }];
  const source: Source = {
    open: ({ offset = 0, signal } = {}) => skip(exportTree(filesystem, { signal, limits }), offset),
  };
  const layer = { name: "flattened", source, compression: "none", storedAs: compression } as const;
  return {
    ...view,
    config: rewriteConfig(view.config, { image: { created, history } }),
    layers: [{ kind: "new", layer }],
  };
}
