// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { escapeText } from "../bytes/byte-string.ts";
import { reading } from "../files/system-error.ts";
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
  /** How to edit each entry of the new layers. */
  readonly edit?: EntryEdit | undefined;
  /** How the new layers are compressed. Default: a compressed tar is kept as it is; a plain tar and a directory become gzip. */
  readonly storedAs?: Compression | undefined;
  /** The creation time of the image and of the history entries of its new layers, as RFC 3339. */
  readonly created?: string | undefined;
  /** Called for each path of a directory that a layer can't hold, with the name of the layer. */
  readonly onSkipped?: ((layer: string, skipped: SkippedPath) => void) | undefined;
}

/**
 * Appends tars and directories as new layers to the image that a reference names, or to each image of an
 * index, and writes the result to another reference. The layers of the base are not read.
 * @param paths the new layers, lowest first
 * @throws OciError whatever `openLayerFile`, opening the references and `editImages` throw
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
  const stats = reading(path, () => statSync(path, { throwIfNoEntry: false }));
  if (stats?.isDirectory() !== true) {
    return openLayerFile(path, { name, edit, storedAs, limits });
  }
  const told = (skipped: SkippedPath) => onSkipped?.(name, skipped);
  return openLayerDirectory(path, { name, edit, storedAs, limits, onSkipped: told });
}
