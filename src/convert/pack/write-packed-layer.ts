// SPDX-License-Identifier: MIT
import { throwIfAborted } from "../../bytes/abort.ts";
import { toText, type ByteString } from "../../bytes/byte-string.ts";
import type { AbortOptions } from "../../bytes/bytes.ts";
import type { Entry } from "../../layer/entry.ts";
import { OciError } from "../../oci/errors.ts";
import type { RootFilesystem } from "../../rootfs/root-filesystem.ts";
import { createLayerOutput, type LayerOutput } from "../../store/layer-output.ts";
import type { ContentStore } from "../../store/store.ts";
import { entriesOfItems, type LayerItem } from "./layer-items.ts";
import type { PackOptions, PackedContent, PackedLayer } from "./pack-options.ts";
import { createPackProgress } from "./pack-progress.ts";

/** What a layer with these items would hold. @throws OciError `unsupported-operation` */
export function countItems(items: Iterable<LayerItem>): PackedContent {
  let [entries, bytes] = [0, 0];
  for (const { entry } of entriesOfItems(items)) {
    entries += 1;
    bytes += entry.size;
  }
  return { entries, bytes };
}

/**
 * Writes a layer to a store in one pass, straight from the directory. If it fails, nothing of the layer
 * stays.
 * @throws OciError `unreadable` for a file whose size changes meanwhile; what reading and the store throw
 */
export async function writePackedLayer(
  items: Iterable<LayerItem>,
  root: RootFilesystem,
  target: ContentStore,
  options: PackOptions,
): Promise<PackedLayer> {
  const { compression = "gzip", level, signal, limits } = options;
  const output = createLayerOutput(target, { compression, level, signal, limits });
  const progress = createPackProgress(options, 0);
  try {
    for (const { entry, contentPath } of entriesOfItems(items)) {
      throwIfAborted(signal, root.name);
      output.entry(entry);
      if (contentPath !== undefined) {
        await writeContent(entry, contentPath, root, output, { signal });
      }
      await output.ready();
      progress.entry(entry.size);
    }
    return { ...(await output.finish()), ...progress.counts() };
  } catch (error) {
    await output.abort(error);
    throw error;
  }
}

async function writeContent(
  entry: Entry,
  path: ByteString,
  root: RootFilesystem,
  output: LayerOutput,
  options: AbortOptions,
): Promise<void> {
  let size = 0;
  for await (const chunk of root.read(path, options)) {
    size += chunk.length;
    if (size > entry.size) break;
    output.data(chunk);
    await output.ready();
  }
  if (size === entry.size) return;
  throw new OciError(
    "unreadable",
    `${root.name}: ${toText(path)}: expected ${entry.size} bytes as when it was found, got ${size > entry.size ? "more" : size}`,
    { details: { path }, hint: "It changed while it was read: pack when nothing writes to it." },
  );
}
