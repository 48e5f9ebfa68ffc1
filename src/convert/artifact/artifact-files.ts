// SPDX-License-Identifier: MIT
import { statSync } from "node:fs";
import { basename, isAbsolute, normalize, resolve } from "node:path";
import { fromText } from "../../bytes/byte-string.ts";
import type { AbortOptions, Source } from "../../bytes/bytes.ts";
import { createHasher } from "../../bytes/hash.ts";
import { readFileBytes } from "../../files/regular-file.ts";
import { reading } from "../../files/system-error.ts";
import { makeLayer } from "../../image/edit/make-layer.ts";
import { composeEdits } from "../../layer/edit/edit-entry.ts";
import { changeOwner } from "../../layer/edit/edit-metadata.ts";
import { renamePaths } from "../../layer/edit/edit-paths.ts";
import { AnnotationKey } from "../../oci/annotations.ts";
import { digestOf } from "../../oci/digest.ts";
import type { Descriptor } from "../../oci/documents/descriptor.ts";
import { OciError } from "../../oci/errors.ts";
import { isMediaType, MediaType } from "../../oci/media-types.ts";
import { quote } from "../../oci/quote.ts";
import type { ContentStore } from "../../store/store.ts";
import { openLayerDirectory } from "../layer-directory.ts";
import type { SkippedPath } from "../pack/pack-options.ts";

/** A file or a directory for an artifact. */
export interface ArtifactFile {
  readonly path: string;
  /** Default: that of a layer's tar, as oras has it. */
  readonly mediaType?: string | undefined;
}

export interface StoreFileOptions extends AbortOptions {
  readonly dryRun: boolean;
  /** Called for each path of a directory that no tar can hold. */
  readonly onSkipped?: ((skipped: SkippedPath) => void) | undefined;
}

/**
 * Reads `FILE` or `FILE:TYPE`, as oras does. What is behind the last colon is a type only if it is a media type, so
 * a file's name may have colons.
 */
export function parseArtifactFile(text: string): ArtifactFile {
  const colon = text.lastIndexOf(":");
  const mediaType = text.slice(colon + 1);
  if (colon > 0 && isMediaType(mediaType)) return { path: text.slice(0, colon), mediaType };
  return { path: text };
}

/**
 * The name under which a file is pulled again: its path as it was given, or its last part where the path leads
 * out of the working directory.
 * @throws OciError `invalid-argument` for a path without a name
 */
export function titleOf(path: string): string {
  const relative = normalize(path).replace(/\/+$/, "");
  const isOutside = isAbsolute(relative) || relative === ".." || relative.startsWith("../");
  const title = isOutside || relative === "." ? basename(resolve(path)) : relative;
  if (title !== "") return title;
  throw new OciError(
    "invalid-argument",
    `${quote(path)}: expected a file or directory with a name`,
  );
}

/**
 * Stores a file as it is, or a directory as a gzipped tar of root's that unpacks to its title, as oras packs it.
 * @returns the descriptor for the manifest of an artifact
 * @throws OciError `not-found`, `unreadable`; what the store throws
 */
export async function storeArtifactFile(
  { path, mediaType }: ArtifactFile,
  target: ContentStore,
  options: StoreFileOptions,
): Promise<Descriptor> {
  const title = titleOf(path);
  const stats = reading(path, () => statSync(path));
  if (!stats.isDirectory()) {
    const stored = await storeFile(path, mediaType ?? MediaType.layer, target, options);
    return { ...stored, annotations: { [AnnotationKey.title]: title } };
  }
  const { descriptor, diffId } = await storeDirectory(path, title, target, options);
  const annotations = {
    [AnnotationKey.unpackedDigest]: diffId,
    [AnnotationKey.unpack]: "true",
    [AnnotationKey.title]: title,
  };
  return { ...descriptor, ...(mediaType !== undefined && { mediaType }), annotations };
}

async function storeFile(
  path: string,
  mediaType: string,
  target: ContentStore,
  { dryRun, signal }: StoreFileOptions,
): Promise<Descriptor> {
  const hasher = createHasher("sha256");
  let size = 0;
  for await (const chunk of readFileBytes(path, { signal })) {
    hasher.update(chunk);
    size += chunk.length;
  }
  const descriptor = { mediaType, digest: digestOf("sha256", hasher.hex()), size };
  const source: Source = { size, open: (options) => readFileBytes(path, options) };
  if (!dryRun) await target.push(descriptor, source, { signal });
  return descriptor;
}

function storeDirectory(
  path: string,
  title: string,
  target: ContentStore,
  { dryRun, signal, onSkipped }: StoreFileOptions,
): ReturnType<typeof makeLayer> {
  const below = renamePaths(fromText("/"), fromText(`/${title}`));
  const edit = composeEdits(below, changeOwner({ uid: 0, gid: 0 }));
  const layer = openLayerDirectory(path, { name: title, edit, onSkipped });
  return makeLayer(layer, target, { dryRun, signal });
}
