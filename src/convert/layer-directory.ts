// SPDX-License-Identifier: MIT
import type { AbortOptions } from "../bytes/bytes.ts";
import { skip } from "../bytes/streams/cut-bytes.ts";
import type { NewLayer } from "../image/edit/image-view.ts";
import { composeEdits, subjectOf, type EntryEdit } from "../layer/edit/edit-entry.ts";
import { editLayer } from "../layer/edit/edit-layer.ts";
import { writeLayer, type LayerInput } from "../layer/write-layer.ts";
import type { Limits } from "../oci/limits.ts";
import type { Compression } from "../oci/media-types.ts";
import { entriesOfItems, everything, withoutSockets } from "./pack/layer-items.ts";
import type { SkippedPath } from "./pack/pack-options.ts";
import { openUnpacked } from "../disk/sidecar/open-unpacked.ts";

export interface LayerDirectoryOptions {
  /** The layer's name in the history. */
  readonly name: string;
  readonly edit?: EntryEdit | undefined;
  /** Default gzip. */
  readonly storedAs?: Compression | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Called for each path that no layer can hold, every time the directory is read. */
  readonly onSkipped?: ((skipped: SkippedPath) => void) | undefined;
}

/**
 * A directory as a new layer. Order and form are as in packing, and the information in the directory's
 * sidecar is applied. The root entry of the directory is left out, unless an edit moves it below the root:
 * adding a layer to an image does not change the image's own root. Nothing is read yet.
 */
export function openLayerDirectory(directory: string, options: LayerDirectoryOptions): NewLayer {
  const { name, edit, storedAs = "gzip", limits } = options;
  const edits = edit === undefined ? withoutRoot : composeEdits(edit, withoutRoot);
  return {
    name,
    directory,
    source: {
      open: ({ offset = 0, signal } = {}) => {
        const tar = writeLayer(readDirectory(directory, options, { signal }), { limits });
        return skip(editLayer(tar, edits, { signal, limits, what: name }), offset);
      },
    },
    compression: "none",
    storedAs,
  };
}

const withoutRoot: EntryEdit = (entry) => (subjectOf(entry) === "/" ? undefined : entry);

async function* readDirectory(
  directory: string,
  { onSkipped }: LayerDirectoryOptions,
  abort: AbortOptions | undefined,
): AsyncGenerator<LayerInput, void, undefined> {
  await Promise.resolve();
  const root = openUnpacked(directory);
  try {
    const skipped: SkippedPath[] = [];
    const items = withoutSockets(everything(root), skipped);
    for (const { entry, contentPath } of entriesOfItems(items)) {
      yield { entry, content: contentPath && root.read(contentPath, abort) };
    }
    for (const one of skipped) onSkipped?.(one);
  } finally {
    root.close();
  }
}
