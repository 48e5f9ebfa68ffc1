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

/** Where a tar goes: a file, which is replaced when the tar is whole, or whatever takes its bytes. */
export type ExportOutput = string | ((tar: Bytes) => Promise<void>);

/** What is going on, for a person who waits. */
export type ExportProgress =
  | IndexProgress
  /** So many bytes of the tar are written. */
  | { readonly kind: "exporting"; readonly bytes: number };

export interface ExportReferenceOptions extends SourceOptions {
  /** Indexes of layers, which then are read only for their contents. */
  readonly cache?: LayerIndexCache | undefined;
  /** Only counts: nothing is written. */
  readonly dryRun?: boolean | undefined;
  /** Never awaited. */
  readonly onProgress?: ((event: ExportProgress) => void) | undefined;
}

/** What was exported, or would be. */
export interface Exported {
  readonly image: Descriptor;
  readonly entries: number;
  /** Of file contents. */
  readonly bytes: number;
  /** Undefined for a dry run. */
  readonly tar?: { readonly digest: Digest; readonly size: number };
}

/**
 * Writes the merged filesystem of the image that a reference means as one tar (`exportTree`).
 * @throws OciError what opening, indexing and reading throw; `unwritable` for a file
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

/** Names of one file are one content; the root counts where a layer names it. */
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
