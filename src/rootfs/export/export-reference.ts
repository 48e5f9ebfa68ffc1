// SPDX-License-Identifier: MIT
import type { Bytes } from "../../bytes/bytes.ts";
import { createHasher } from "../../bytes/hash.ts";
import { writeOutput } from "../../files/write-output.ts";
import {
  withImage,
  type Named,
  type SourceOptions,
} from "../../image/by-reference/with-reference.ts";
import { digestOf, type Digest } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { openImageFilesystem, type ImageFilesystem } from "../image-filesystem.ts";
import type { IndexProgress } from "../layer-index/image-indexes.ts";
import type { LayerIndexCache } from "../layer-index/index-cache.ts";
import { exportTree } from "./export-tree.ts";

/** Where a tar goes: the path of a file, which is replaced once the tar is complete, or a function that takes the bytes. */
export type ExportOutput = string | ((tar: Bytes) => Promise<void>);

/** Progress of an export, to show to a waiting user. */
export type ExportProgress =
  | IndexProgress
  /** `bytes` of the tar have been written so far. */
  | { readonly kind: "exporting"; readonly bytes: number };

export interface ExportReferenceOptions extends SourceOptions {
  /** A cache of layer indexes. A layer with a cached index is read only for its file contents. */
  readonly cache?: LayerIndexCache | undefined;
  /** Only counts entries and bytes, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** Called synchronously; a returned promise is not awaited. */
  readonly onProgress?: ((event: ExportProgress) => void) | undefined;
}

/** What was exported, or would be in a dry run. */
export interface Exported {
  readonly image: Descriptor;
  readonly entries: number;
  /** The total size of all file contents. */
  readonly bytes: number;
  /** Undefined in a dry run. */
  readonly tar?: { readonly digest: Digest; readonly size: number };
}

/**
 * Writes the merged filesystem of the image that a reference names as one tar, using `exportTree`.
 * @throws OciError whatever opening, indexing and reading throw; `unwritable` if the file can't be written
 */
export function exportReference(
  reference: Named,
  output: ExportOutput,
  options: ExportReferenceOptions = {},
): Promise<Exported> {
  return withImage(reference, options, async (image) => {
    const root = await openImageFilesystem(image, options);
    const exported =
      options.dryRun === true ? measure(root) : await writeTar(root, output, options);
    return { image: image.descriptor, ...exported };
  });
}

/** Counts entries and bytes. Hard links to one file count its bytes once; the root is an entry if a layer names it. */
function measure(root: ImageFilesystem): Omit<Exported, "image"> {
  const seen = new Set<unknown>();
  let entries = 0;
  let bytes = 0;
  for (const [path, node] of root.paths()) {
    if (path === "/" && root.location(node) === undefined) continue;
    entries += 1;
    if (!seen.has(node)) bytes += node.size;
    if (node.type !== "directory") seen.add(node);
  }
  return { entries, bytes };
}

async function writeTar(
  root: ImageFilesystem,
  output: ExportOutput,
  { signal, limits, onProgress }: ExportReferenceOptions,
): Promise<Omit<Exported, "image">> {
  let [entries, bytes, size] = [0, 0, 0];
  const onEntry = (_: unknown, length: number): void => {
    entries += 1;
    bytes += length;
  };
  const hasher = createHasher("sha256");
  const watched = async function* (): Bytes & AsyncGenerator<Uint8Array> {
    for await (const chunk of exportTree(root, { signal, limits, onEntry })) {
      hasher.update(chunk);
      size += chunk.length;
      onProgress?.({ kind: "exporting", bytes: size });
      yield chunk;
    }
  };
  await (typeof output === "string"
    ? writeOutput(output, watched(), { signal })
    : output(watched()));
  return { entries, bytes, tar: { digest: digestOf("sha256", hasher.hex()), size } };
}
