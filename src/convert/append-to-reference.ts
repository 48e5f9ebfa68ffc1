// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { escapeText } from "../bytes/byte-string.ts";
import { editReference, type EditReferenceOptions } from "../image/by-reference/edit-reference.ts";
import type { Named, WrittenTo } from "../image/by-reference/with-reference.ts";
import { appendLayer } from "../image/edit/append-layer.ts";
import type { EditedImages } from "../image/edit/edit-images.ts";
import type { NewLayer } from "../image/edit/image-view.ts";
import { openLayerFile } from "../image/edit/layer-file.ts";
import type { EntryEdit } from "../layer/edit/edit-entry.ts";
import type { Compression } from "../oci/media-types.ts";
import { openLayerDirectory } from "./layer-directory.ts";
import type { SkippedPath } from "./pack/pack-options.ts";

export interface AppendOptions extends EditReferenceOptions {
  /** What becomes of each entry of the new layers. */
  readonly edit?: EntryEdit | undefined;
  /** How the new layers are stored. Default: a tar as it is, a plain one and a directory as gzip. */
  readonly storedAs?: Compression | undefined;
  /** RFC 3339: of the image and of the history of its new layers. */
  readonly created?: string | undefined;
  /** Told what no layer can hold of a directory, by the layer's name. */
  readonly onSkipped?: ((layer: string, skipped: SkippedPath) => void) | undefined;
}

/**
 * Puts tars and directories as new layers on the image that a reference means, or on each image of an
 * index, and writes the result to another. Nothing of the base is read.
 * @param paths the lowest first
 * @throws OciError what `openLayerFile`, opening and `editImages` throw
 */
export async function appendToReference(
  base: Named,
  to: Named,
  paths: readonly string[],
  options: AppendOptions = {},
): Promise<EditedImages & WrittenTo> {
  const layers: NewLayer[] = [];
  for (const path of paths) layers.push(await openLayer(path, options));
  const { created } = options;
  return editReference(
    base,
    to,
    (view) => layers.reduce((image, layer) => appendLayer(image, layer, { created }), view),
    options,
  );
}

async function openLayer(
  path: string,
  { edit, storedAs, limits, onSkipped }: AppendOptions,
): Promise<NewLayer> {
  const name = escapeText(basename(resolve(path)));
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    return openLayerFile(path, { name, edit, storedAs, limits });
  }
  const told = (skipped: SkippedPath) => onSkipped?.(name, skipped);
  return openLayerDirectory(path, { name, edit, storedAs, onSkipped: told });
}
